import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { createGate, type Gate } from "../fixtures/gate.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { chunk, close, end, head, reset, stall, type Step, wait } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

/*
 * Behind the last event of a stream nothing can be lost. A provider that then breaks its connection off, or keeps it open
 * and says no more, has answered.
 */

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.finish());

const TYPE = { "content-type": "text/event-stream" };
const CHUNKED = { ...TYPE, "transfer-encoding": "chunked" };

const CALLS = {
  chat: ["/v1/chat/completions", "openai/m"],
  messages: ["/v1/messages", "anthropic/m"],
  responses: ["/v1/responses", "openai/m"],
} as const;
type Api = keyof typeof CALLS;

const CONTENT = dataEvent({ choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }] });
const FINISH = dataEvent({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const ERROR = dataEvent({ error: { message: "overloaded", code: 529 } });
const DONE = "data: [DONE]\n\n";
const CREATED = dataEvent({ type: "response.created", sequence_number: 0, response: { id: "r" } }, "response.created");
const completed = (more: object = {}): string =>
  dataEvent({ type: "response.completed", sequence_number: 1, response: { id: "r", ...more } }, "response.completed");
const MESSAGE = dataEvent({ type: "message_start", message: { id: "m" } }, "message_start");
const STOPPED = dataEvent({ type: "message_delta", delta: { stop_reason: "end_turn" } }, "message_delta");
const MESSAGE_STOP = dataEvent({ type: "message_stop" }, "message_stop");
const OVERLOADED = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

const FAILED = dataEvent(
  { type: "response.failed", response: { id: "r", error: { code: "server_error", message: "broke" } } },
  "response.failed",
);

/** What a stream is, and whether its last event is an error. */
const OVER: readonly (readonly [Api, string, string, boolean])[] = [
  ["chat", "[DONE]", CONTENT + FINISH + DONE, false],
  ["chat", "[DONE], with CRLF", (CONTENT + DONE).replaceAll("\n", "\r\n"), false],
  ["chat", "[DONE] and a comment", `${CONTENT}${DONE}: bye\n\n`, false],
  ["chat", "an error", CONTENT + ERROR, true],
  ["chat", "an error, and no more", ERROR, true],
  ["messages", "message_stop", MESSAGE + STOPPED + MESSAGE_STOP, false],
  ["messages", "an error", MESSAGE + dataEvent(OVERLOADED, "error"), true],
  ["responses", "response.completed", CREATED + completed(), false],
  ["responses", "a long response.completed", CREATED + completed({ instructions: "x".repeat(20_000) }), false],
  ["responses", "response.failed", CREATED + FAILED, true],
  ["responses", "an error", CREATED + dataEvent({ type: "error", message: "overloaded" }, "error"), true],
];

/**
 * The ways in which a connection ends that was not to end yet: once what was sent has come, because the runtime's `fetch`
 * loses a body that comes together with its end.
 */
const BREAKS: readonly (readonly [string, (text: string, come: Gate) => Step[]])[] = [
  ["closed without its last chunk", (text, come) => [head(200, CHUNKED), chunk(text), wait(come), close()]],
  ["reset", (text, come) => [head(200, CHUNKED), chunk(text), wait(come), reset()]],
  [
    "shorter than announced",
    (text, come) => [
      head(200, { ...TYPE, "content-length": String(text.length + 9) }),
      chunk(text),
      wait(come),
      close(),
    ],
  ],
  [
    "reset, where the close would have been the end",
    (text, come) => [head(200, TYPE), chunk(text), wait(come), reset()],
  ],
];

async function ask(on: Rig, api: Api, script: Step[]) {
  on.provider.answer(script);
  const [target, model] = CALLS[api];
  const body = { model, stream: true, max_tokens: 5, input: "hi", messages: [{ role: "user", content: "hi" }] };
  return on.call({ target, body });
}

describe.each(OVER)("%s, over with %s", (api, _, text, isError) => {
  test.each(BREAKS)("%s: nothing is added", async (_how, script) => {
    const come = createGate();
    const { client, id } = await ask(rig, api, script(text, come));
    await client.head();
    come.open();
    const seen = await client.body();
    client.leave();
    const { outcome, failure } = await rig.settled(id);
    expect([seen.text, seen.complete, outcome, failure]).toEqual([
      text,
      true,
      "answered",
      isError ? "provider_error" : undefined,
    ]);
  });
});

const NOT_OVER: readonly (readonly [Api, string, string])[] = [
  ["chat", "a finish reason, which the usage may follow", CONTENT + FINISH],
  ["chat", "a text that says [DONE]", dataEvent({ choices: [{ delta: { content: "data: [DONE]\n\n" } }] })],
  ["chat", "an event that is cut behind [DONE]", `${CONTENT}${DONE}data: {"us`],
  ["messages", "a reason to stop", MESSAGE + STOPPED],
  ["responses", "the beginning of response.completed", CREATED + completed().slice(0, -9)],
];

test.each(NOT_OVER)("%s, broken off behind %s: cut", async (api, _, text) => {
  const come = createGate();
  const { client, id } = await ask(rig, api, [head(200, CHUNKED), chunk(text), wait(come), close()]);
  await client.head();
  come.open();
  const seen = await client.body();
  client.leave();
  expect(seen.text.slice(text.length)).toContain('"error"');
  expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "upstream_reset" });
});

describe("a provider that keeps a stream open that is over", () => {
  test.each(OVER)("%s, over with %s: it ends when a sign of life would be due", async (api, _, text, isError) => {
    const clock = createManualClock();
    const own = await startRig({ STREAM_KEEPALIVE: "2s" }, startAt(clock));
    const { client, id } = await ask(own, api, [head(200, CHUNKED), chunk(text), stall()]);
    for (let length = 0; length < text.length;) length += (await client.nextBytes())?.length ?? Number.NaN;
    await clock.advance(2000);
    const rest = await client.body();
    client.leave();
    const { outcome, failure } = await own.settled(id);
    expect([rest.text, rest.complete, outcome, failure]).toEqual([
      "",
      true,
      "answered",
      isError ? "provider_error" : undefined,
    ]);
    await own.finish();
  });

  test("without signs of life it ends with CLIENT_STREAM_IDLE_TIMEOUT, whole", async () => {
    const clock = createManualClock();
    const own = await startRig({ STREAM_KEEPALIVE: "0s", CLIENT_STREAM_IDLE_TIMEOUT: "30s" }, startAt(clock));
    const text = CONTENT + DONE;
    const { client, id } = await ask(own, "chat", [head(200, CHUNKED), chunk(text), stall()]);
    for (let length = 0; length < text.length;) length += (await client.nextBytes())?.length ?? Number.NaN;
    await clock.advance(31_000);
    expect(await client.body()).toMatchObject({ text: "", complete: true });
    client.leave();
    expect((await own.settled(id))["outcome"]).toBe("answered");
    await own.finish();
  });
});

describe("an error that more follows", () => {
  const inChunk = dataEvent({ error: { code: 502 }, choices: [{ index: 0, delta: {}, finish_reason: "error" }] });
  test.each([
    ["chat", "[DONE]", CONTENT + ERROR + DONE],
    ["chat", "a finish reason", ERROR + FINISH],
    ["chat", "its own finish reason", CONTENT + inChunk + DONE],
    ["messages", "message_stop", MESSAGE + dataEvent(OVERLOADED, "error") + MESSAGE_STOP],
    ["responses", "in response.failed", CREATED + FAILED],
  ] as const)("%s, %s: is logged as the provider's", async (api, _, text) => {
    const { client, id } = await ask(rig, api, [head(200, CHUNKED), chunk(text), end()]);
    expect((await client.body()).text).toBe(text);
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ outcome: "answered", failure: "provider_error", level: "warn" });
  });
});
