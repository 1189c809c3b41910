import { expect, test } from "bun:test";
import { usesSocket } from "../../src/upstream/open-call.ts";
import { groq } from "./open-upstream.ts";

test.each([
  ["auto", false, true, "socket"],
  ["auto", false, false, "fetch"],
  ["auto", true, true, "fetch"],
  ["fetch", false, true, "fetch"],
  ["fetch", true, true, "fetch"],
  ["socket", false, true, "socket"],
] as const)("%s, over HTTP/2: %p, without a proxy: %p: by %s", (transport, http2, isDirect, expected) => {
  expect(usesSocket({ ...groq, transport, http2 }, () => isDirect) ? "socket" : "fetch").toBe(expected);
});

test("auto, without a proxy at all: by socket", () => {
  expect(usesSocket({ ...groq, transport: "auto" }, undefined)).toBe(true);
});
