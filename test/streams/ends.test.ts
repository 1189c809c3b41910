import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { chunk, close, end, head, type Step, wait } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  // On a busy machine first events in many pieces are so late that a sign of life comes before them.
  rig = await startRig({ STREAM_KEEPALIVE: "0s" });
});
afterAll(() => rig.finish());

const TYPE = { "content-type": "text/event-stream" };

/** The three ways in which an answer says how long it is. */
const FRAMINGS: readonly (readonly [string, (text: string, cut: number) => Step[]])[] = [
  ["in chunks", (text, cut) => [head(200, { ...TYPE, "transfer-encoding": "chunked" }), ...cutInto(text, cut), end()]],
  ["up to the close", (text, cut) => [head(200, { ...TYPE, connection: "close" }), ...cutInto(text, cut), close()]],
  [
    "of a length",
    (text, cut) => [head(200, { ...TYPE, "content-length": String(text.length) }), ...cutInto(text, cut), end()],
  ],
];

const cutInto = (text: string, size: number): Step[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    chunk(text.slice(index * size, (index + 1) * size)),
  );

const chat = (delta: object, reason: string | null = null, more: object = {}): string =>
  dataEvent({ id: "c", choices: [{ index: 0, delta, finish_reason: reason }], ...more });
const LOOK_ALIKE = chat({
  content: '"finish_reason":"stop" \ndata: [DONE]\n\n "type":"message_stop" event: response.completed',
});
const MESSAGE = dataEvent({ type: "message_start", message: { id: "m", stop_reason: null } }, "message_start");
const TEXT = (text: string): string =>
  dataEvent({ type: "content_block_delta", delta: { type: "text_delta", text } }, "content_block_delta");
const STOPPED = dataEvent({ type: "message_delta", delta: { stop_reason: "end_turn" } }, "message_delta");
const CREATED = dataEvent(
  { type: "response.created", sequence_number: 0, response: { id: "resp_1", metadata: { type: "x" }, output: [] } },
  "response.created",
);
const OUTPUT = (delta: string): string =>
  dataEvent({ type: "response.output_text.delta", sequence_number: 1, delta }, "response.output_text.delta");
const completed = (more: object = {}): string =>
  dataEvent({ type: "response.completed", response: { id: "resp_1", ...more } }, "response.completed");

const CALLS = {
  chat: ["/v1/chat/completions", "openai/m"],
  messages: ["/v1/messages", "anthropic/m"],
  responses: ["/v1/responses", "openai/m"],
} as const;

type Api = keyof typeof CALLS;

async function ask(api: Api, script: Step[]) {
  rig.provider.answer(script);
  const [target, model] = CALLS[api];
  const body = { model, stream: true, max_tokens: 5, input: "hi", messages: [{ role: "user", content: "hi" }] };
  const { client, id } = await rig.call({ target, body });
  const { text, complete } = await client.body();
  client.leave();
  return { text, complete, line: await rig.settled(id) };
}

const LONG = "x".repeat(20_000);

const WHOLE: readonly (readonly [Api, string, string])[] = [
  ["chat", "a finish reason, without [DONE]", chat({ content: "a" }) + chat({}, "stop")],
  ["chat", "[DONE] alone", `${chat({ content: "a" })}data: [DONE]\n\n`],
  ["chat", "[DONE] without its empty line", `${chat({ content: "a" })}data: [DONE]`],
  ["chat", "[DONE] without a space, lines with CRLF", `data:{"choices":[]}\r\n\r\ndata:[DONE]\r\n\r\n`],
  ["chat", "a finish reason long before the end", chat({}, "stop") + dataEvent({ choices: [], note: LONG })],
  [
    "chat",
    "a finish reason at the beginning of a long event",
    dataEvent({ choices: [{ finish_reason: "length", delta: { content: LONG } }] }),
  ],
  ["chat", "a finish reason with white space", `data: {"choices": [{"finish_reason" : "stop"}]}\n\n`],
  ["chat", "comments behind it", `${chat({}, "stop")}: bye\n\n: bye\n`],
  ["chat", "an error of the provider's", chat({ content: "a" }) + dataEvent({ error: { message: "overloaded" } })],
  ["messages", "message_stop", MESSAGE + TEXT("a") + dataEvent({ type: "message_stop" }, "message_stop")],
  ["messages", "message_stop, known by its data alone", MESSAGE + TEXT("a") + dataEvent({ type: "message_stop" })],
  ["messages", "a reason to stop", MESSAGE + TEXT("a") + STOPPED],
  [
    "messages",
    "an error of the provider's",
    MESSAGE + dataEvent({ type: "error", error: { type: "overloaded_error" } }, "error"),
  ],
  ["responses", "response.completed", CREATED + OUTPUT("a") + completed()],
  ["responses", "a long response.completed", CREATED + completed({ instructions: LONG })],
  [
    "responses",
    "a long response.completed that names its type last",
    CREATED +
      `event: response.completed\ndata: ${JSON.stringify({ response: { instructions: LONG }, type: "response.completed" })}\n\n`,
  ],
  [
    "responses",
    "a long response.completed without event line",
    CREATED + dataEvent({ type: "response.completed", response: { instructions: LONG } }),
  ],
  [
    "responses",
    "response.incomplete",
    CREATED + dataEvent({ type: "response.incomplete", response: {} }, "response.incomplete"),
  ],
  ["responses", "response.failed", CREATED + dataEvent({ type: "response.failed", response: {} }, "response.failed")],
  ["responses", "an error of the provider's", CREATED + dataEvent({ type: "error", message: "overloaded" }, "error")],
];

/** In one piece, in pieces of a few bytes, which for a long text would be thousands, and in pieces of a kilobyte. */
const sizesOf = (text: string): readonly number[] => [text.length, text.length < 5000 ? 7 : 197, 1000];

describe.each(WHOLE)("%s, with %s: whole", (api, _, text) => {
  test.each(FRAMINGS)("%s", async (_framing, script) => {
    for (const size of sizesOf(text)) {
      const seen = await ask(api, script(text, size));
      expect([seen.text, seen.complete, seen.line["outcome"]]).toEqual([text, true, "answered"]);
    }
  });
});

const CUT: readonly (readonly [Api, string, string])[] = [
  ["chat", "between events", chat({ content: "a" })],
  ["chat", "with an empty finish reason", chat({ content: "a" }, "")],
  ["chat", "with a text that looks like an end", LOOK_ALIKE + chat({ content: "finish_reason" })],
  ["chat", "in the middle of an event behind the finish reason", `${chat({}, "stop")}data: {"choices":[],"usa`],
  [
    "chat",
    "in the middle of the event with the finish reason",
    `${chat({ content: "a" })}data: {"choices":[{"finish_reason":"stop"`,
  ],
  ["messages", "between events", MESSAGE + TEXT("a")],
  [
    "messages",
    "with a text that looks like an end",
    MESSAGE + TEXT("message_stop") + TEXT('event: message_stop\n\n"type":"message_stop"'),
  ],
  ["messages", "in the middle of message_stop", `${MESSAGE + STOPPED}event: message_stop\ndata: {"ty`],
  ["responses", "between events", CREATED + OUTPUT("a")],
  [
    "responses",
    "with a text that looks like an end",
    CREATED + OUTPUT("response.completed") + OUTPUT('event: response.completed\ndata: {"type":"response.completed"}'),
  ],
  [
    "responses",
    "in the middle of response.completed",
    `${CREATED}event: response.completed\ndata: {"type":"response.completed","resp`,
  ],
];

describe.each(CUT)("%s, cut %s", (api, _, text) => {
  test.each(FRAMINGS)("%s: everything, an error event, and log `cut`", async (_framing, script) => {
    for (const size of sizesOf(text)) {
      const seen = await ask(api, script(text, size));
      expect(seen.text.startsWith(text)).toBe(true);
      const added = seen.text.slice(text.length);
      expect(added.startsWith("\n\n")).toBe(!text.endsWith("\n\n"));
      expect(added).toContain(api === "messages" ? '"type":"error"' : '"code":"upstream_reset"');
      expect(seen.complete).toBe(true);
      expect(seen.line).toMatchObject({ outcome: "cut", failure: "upstream_reset", status: 200 });
    }
  });
});

describe("a response that breaks off", () => {
  const item = { id: "msg_1", type: "message", content: [{ type: "output_text", text: "done" }] };
  const done = dataEvent(
    { type: "response.output_item.done", sequence_number: 7, output_index: 0, item },
    "response.output_item.done",
  );

  /** The events that the gateway added. */
  async function added(
    text: string,
  ): Promise<{ readonly name: string | undefined; readonly data: Record<string, unknown> }[]> {
    const gate = createGate();
    const headers = { ...TYPE, "transfer-encoding": "chunked" };
    rig.provider.answer([head(200, headers), ...cutInto(text, 100), wait(gate), close()]);
    const { client, id } = await rig.call({
      target: "/v1/responses",
      body: { model: "openai/m", stream: true, input: "hi" },
    });
    for (let seen = 0; seen < text.length;) seen += (await client.nextBytes())?.length ?? Number.POSITIVE_INFINITY;
    gate.open();
    const { text: rest } = await client.body();
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "upstream_reset" });
    return rest
      .trim()
      .split("\n\n")
      .map((event) => ({
        name: /^event: (.*)$/m.exec(event)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "") as Record<string, unknown>,
      }));
  }

  test("ends with response.failed, which holds the response as far as it is known, and error, numbered on", async () => {
    const message = "The upstream server closed the connection before its answer was complete";
    expect(await added(CREATED + OUTPUT("a") + done)).toEqual([
      {
        name: "response.failed",
        data: {
          type: "response.failed",
          sequence_number: 8,
          response: {
            id: "resp_1",
            object: "response",
            metadata: { type: "x" },
            output: [item],
            status: "failed",
            error: { code: "upstream_reset", message },
          },
        },
      },
      {
        name: "error",
        data: {
          type: "error",
          code: "upstream_reset",
          message,
          param: null,
          sequence_number: 9,
          error: { type: "upstream_error", code: "upstream_reset", message, param: null },
        },
      },
    ]);
  });

  test("before anything of it is known", async () => {
    const [failed, error] = await added(OUTPUT("a"));
    expect(failed?.data).toMatchObject({ sequence_number: 2, response: { status: "failed", output: [] } });
    expect(error?.data).toMatchObject({ sequence_number: 3 });
  });

  test("whose events are longer than what is kept", async () => {
    const created = dataEvent({ type: "response.created", response: { id: "r", instructions: "x".repeat(80_000) } });
    const [failed] = await added(created + done);
    expect(failed?.data).toMatchObject({ response: { status: "failed", output: [item] } });
  });
});
