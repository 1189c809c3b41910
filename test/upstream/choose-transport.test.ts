import { expect, test } from "bun:test";
import { chooseTransport } from "../../src/upstream/egress.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { groq, REQUEST } from "./open-upstream.ts";

test.each([
  ["auto", false, true, "socket"],
  ["auto", false, false, "fetch"],
  ["auto", true, true, "fetch"],
  ["fetch", false, true, "fetch"],
  ["fetch", true, true, "fetch"],
  ["socket", false, true, "socket"],
] as const)("%s, over HTTP/2: %p, without a proxy: %p: by %s", (transport, http2, isDirect, expected) => {
  const used: string[] = [];
  const use =
    (name: string): Transport =>
    () => {
      used.push(name);
      return { response: new Promise(() => {}), abort() {} };
    };
  const send = chooseTransport({ socket: use("socket"), fetch: use("fetch"), isDirect: () => isDirect });
  send({ ...groq, transport, http2 }, REQUEST, () => {});
  expect(used).toEqual([expected]);
});
