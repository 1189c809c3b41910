import { describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { WireDialect } from "../../src/formats/form/dialect.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { isWire, TRANSLATED_APIS, type TranslatedApi, WIRES, type Wire } from "../../src/formats/wires.ts";
import { readRecordedStreams } from "../fixtures/recorded-streams.ts";
import { STREAMS } from "./provider-traffic.ts";
import { cut, translatePieces } from "./translate-pieces.ts";

const REQUESTS: Readonly<Record<TranslatedApi, Record<string, unknown>>> = {
  chat: {
    model: "p/m",
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: "user", content: "hi" }],
  },
  messages: { model: "p/m", stream: true, max_tokens: 100, messages: [{ role: "user", content: "hi" }] },
  responses: { model: "p/m", stream: true, input: "hi" },
  generate: { model: "p/m", stream: true, contents: "hi" },
};

/** Whether a client takes its stream for whole. */
const ENDS: Readonly<Record<TranslatedApi, RegExp>> = {
  chat: /data: \[DONE\]/,
  messages: /event: message_stop/,
  responses: /event: response\.(?:completed|incomplete)/,
  generate: /"finishReason":/,
};

/** With what a provider says that an answer is whole; usage may come after it. */
const STOPS: Readonly<Record<Wire, string>> = {
  chat: '"finish_reason":"tool_calls"}',
  // As on the way to its own clients: what comes behind the reason is not needed.
  messages: '"stop_reason":"tool_use"',
  generate: '"finishReason":"STOP"}]',
  responses: '"type":"response.completed"',
  converse: '"stopReason":"tool_use"',
  cohere: '"type":"message-end"',
};

/** A recorded stream that the provider ended with an error. */
const HAS_FAILED = /"(?:finish_reason":"error"|error":\{)/;

const clients = new Map(await Promise.all(TRANSLATED_APIS.map(async (api) => [api, await DIALECTS[api]()] as const)));
const wires: ReadonlyMap<Wire, WireDialect> = new Map(
  await Promise.all(WIRES.map(async (wire) => [wire, await DIALECTS[wire]()] as const)),
);

function dialectIn<Name, Dialect>(dialects: ReadonlyMap<Name, Dialect>, name: Name): Dialect {
  const dialect = dialects.get(name);
  if (!dialect) throw new Error(`there is no dialect ${String(name)}`);
  return dialect;
}

/** What a client gets of a stream that comes in these pieces, and with what it broke off. */
function translate(client: TranslatedApi, wire: Wire, pieces: Iterable<Uint8Array>) {
  let ids = 0;
  const parts = {
    frames: dialectIn(wires, wire).framing?.open(),
    reader: dialectIn(wires, wire).readStream({ provider: "p", model: "m", facts: factsOf("m") }),
    writer: dialectIn(clients, client).writeStream({
      model: "p/m",
      request: dialectIn(clients, client).readRequest(REQUESTS[client]),
      newId: () => String((ids += 1)).padStart(24, "0"),
      createdAt: 1,
    }),
  };
  return translatePieces(parts, pieces);
}

const recorded = (await readRecordedStreams()).flatMap(({ name, kind, body }) => {
  const wire = kind === "generate-content" ? "generate" : kind;
  return isWire(wire) ? [{ name, wire, body }] : [];
});
const own = WIRES.map((wire) => ({
  name: `own ${wire}`,
  wire,
  body: Buffer.concat(STREAMS[wire].map((event) => Buffer.from(event))),
}));
const CASES = [...own, ...recorded].flatMap(({ name, wire, body }) =>
  TRANSLATED_APIS.filter((client: string) => client !== wire).map(
    (client) => [name, client, wire, Buffer.from(body)] as const,
  ),
);

describe("a stream, as it was recorded", () => {
  test.each(CASES)("%s is whole for a client of %s", (_, client, wire, body) => {
    const { text, thrown } = translate(client, wire, [body]);
    // If nothing has been written, an error still becomes one with a status.
    if (HAS_FAILED.test(body.toString()) && text === "") return expect(thrown).toBeDefined();
    expect(thrown).toBeUndefined();
    if (HAS_FAILED.test(body.toString())) expect(text).not.toMatch(ENDS[client]);
    else expect(text).toMatch(ENDS[client]);
    expect(text).toEndWith("\n\n");
  });

  test.each(CASES)("%s gives a client of %s the same bytes however it is cut", (_, client, wire, body) => {
    const { text } = translate(client, wire, [body]);
    for (const size of body.length > 50_000 ? [1000, 37] : [1, 7, 37]) {
      expect(translate(client, wire, cut(body, size)).text).toBe(text);
    }
  });
});

test.each(CASES.filter(([name]) => name.startsWith("own ")))(
  "%s, cut at any byte, is whole for a client of %s only if it has stopped",
  (_, client, wire, body) => {
    for (let length = 1; length < body.length; length++) {
      const part = body.subarray(0, length);
      const { text, thrown } = translate(client, wire, [part]);
      if (part.includes(STOPS[wire])) continue;
      expect([length, text]).not.toEqual([length, expect.stringMatching(ENDS[client])]);
      if (text !== "") expect([length, thrown]).toMatchObject([length, { code: "STREAM_UNFINISHED" }]);
    }
  },
);
