import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readRecordedStreams } from "../fixtures/recorded-streams.ts";
import { chunk, end, head, type Step } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

const TARGETS: Readonly<Record<string, string>> = {
  chat: "/v1/chat/completions?provider=openai",
  messages: "/v1/messages?provider=anthropic",
  responses: "/v1/responses?provider=openai",
  "generate-content": "/v1/proxy/openai/models/m:streamGenerateContent?alt=sse",
};

const SPLITS = [1, 7, 37, 4096] as const;

/** More writes than this take longer than they teach: of a long stream only the beginning and the end are cut finely. */
const FINE_WRITES = 60;

function cut(body: Uint8Array, splitEvery: number): Step[] {
  const fine = (bytes: Uint8Array): Step[] =>
    Array.from({ length: Math.ceil(bytes.length / splitEvery) }, (_, index) =>
      chunk(bytes.subarray(index * splitEvery, (index + 1) * splitEvery)),
    );
  const edge = FINE_WRITES * splitEvery;
  if (body.length <= 2 * edge) return fine(body);
  const middle = chunk(body.subarray(edge, body.length - edge));
  return [...fine(body.subarray(0, edge)), middle, ...fine(body.subarray(body.length - edge))];
}

/** Sends a stream through the gateway and gives back what came out. */
async function replay(kind: string, request: unknown, body: Uint8Array, splitEvery: number, contentType: string) {
  const headers = { "content-type": contentType, "transfer-encoding": "chunked" };
  rig.provider.answer([head(200, headers), ...cut(body, splitEvery), end()]);
  const { client, id } = await rig.call({ target: TARGETS[kind] ?? "", body: request });
  const { header } = await client.head();
  const received = await rig.provider.nextRequest();
  const answer = await client.body();
  client.leave();
  return { received, answer, id, contentType: header("content-type") };
}

/** The event with which a stream says that it is whole. */
const LAST: Readonly<Record<string, string>> = {
  chat: "data: [DONE]\n\n",
  messages: 'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  responses: 'event: response.completed\ndata: {"type":"response.completed"}\n\n',
  "generate-content": "data: {}\n\n",
};

/** Streams that end with a given event. */
const HAND_MADE: readonly (readonly [string, (last: string) => string | Buffer])[] = [
  ["CRLF", (last) => `data: {}\n\n${last}`.replaceAll("\n", "\r\n")],
  ["CR", (last) => `data: {}\n\n${last}`.replaceAll("\n", "\r")],
  ["comments", (last) => `: OPENROUTER PROCESSING\n\ndata: {}\n\n:\n\n${last}`],
  ["no final empty line", (last) => `data: {}\n\n${last.trimEnd()}\n`],
  ["no final line end", (last) => `data: {}\n\n${last.trimEnd()}`],
  ["an error inside of a stream of status 200", () => 'data: {"error":{"message":"no","code":502}}\n\n'],
  ["UTF-8 of 2, 3 and 4 bytes", (last) => `data: {"c":"é€\u{1f600}\u{10ffff}"}\n\n${last}`],
  [
    "bytes that are no UTF-8",
    (last) =>
      Buffer.concat([Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x00, 0x0a, 0x0a]), Buffer.from(last)]),
  ],
  ["a byte order mark", (last) => `\ufeffdata: {}\n\n${last}`],
  ["an event name, an id and a retry", (last) => `event: x\nid: 1\nretry: 5\ndata: {}\n\n${last}`],
  ["blank lines", (last) => `\n\n\n${last}\n\n`],
  [
    "usage that the client asked for",
    (last) => `data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n${last}`,
  ],
];

describe.each(Object.keys(TARGETS))("%s", (kind) => {
  const request =
    kind === "chat"
      ? { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] }
      : { model: "m", stream: true, max_tokens: 1, messages: [{ role: "user", content: "hi" }], input: "hi" };

  test.each(HAND_MADE)("%s, in any cut", async (_, textWith) => {
    const body = Buffer.from(textWith(LAST[kind] ?? ""));
    for (const splitEvery of SPLITS) {
      const { answer, id } = await replay(kind, request, body, splitEvery, "text/event-stream");
      expect(Buffer.from(answer.bytes).toString("latin1")).toBe(body.toString("latin1"));
      expect(answer.complete).toBe(true);
      expect(await rig.settled(id)).toMatchObject({ outcome: "answered" });
    }
  });
});

const recorded = await readRecordedStreams();

describe.skipIf(recorded.length === 0)("recorded streams", () => {
  test.each(recorded.map((stream) => [stream.name, stream] as const))("%s", async (_, stream) => {
    const body = Buffer.from(stream.body);
    const request = { ...stream.request, model: "m" };
    for (const splitEvery of SPLITS) {
      const played = await replay(stream.kind, request, body, splitEvery, stream.contentType);
      expect(Buffer.from(played.received.body).toString()).toBe(JSON.stringify(request));
      expect(Buffer.from(played.answer.bytes).equals(body)).toBe(true);
      expect(played.answer.complete).toBe(true);
      expect(played.contentType).toBe(stream.contentType);
      expect(await rig.settled(played.id)).toMatchObject({ outcome: "answered", bytes_out: body.length });
    }
  });
});
