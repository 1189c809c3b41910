import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { chunk, end, head, type Step, wait } from "../fixtures/script.ts";
import type { LogLine } from "../fixtures/start-gateway.ts";
import { CHAT } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";
import { type AgentRig, startAgentRig } from "../tools/loop/loop-rig.ts";

/** How long the provider takes between the head of a response and its body, in milliseconds. */
const GAP_MS = 60;
/** Timers may fire a little early. */
const LEAST_GAP_MS = 50;
/** A machine that stands still may hand over head and body together; it does not do so every time. */
const ATTEMPTS = 10;

const CHUNKED = { "transfer-encoding": "chunked" };
const JSON_HEAD = { ...CHUNKED, "content-type": "application/json" };
const STREAM_HEAD = { ...CHUNKED, "content-type": "text/event-stream" };

const slowly = (status: number, headers: Readonly<Record<string, string>>, body: string): Step[] => [
  head(status, headers),
  wait(Bun.sleep(GAP_MS)),
  chunk(body),
  end(),
];

/** The line of the first request whose body came visibly after its head; of the last one if there was none. */
async function withGap(ask: () => Promise<LogLine>): Promise<LogLine> {
  let line = await ask();
  for (let attempt = 1; attempt < ATTEMPTS && gapOf(line) < LEAST_GAP_MS; attempt += 1) line = await ask();
  return line;
}

const gapOf = (line: LogLine): number => Number(line["first_byte_ms"]) - Number(line["response_header_ms"]);

function expectTimes(line: LogLine): void {
  expect(gapOf(line)).toBeGreaterThanOrEqual(LEAST_GAP_MS);
  expect(line["response_header_ms"]).toBeGreaterThan(0);
  expect(line["total_ms"]).toBeGreaterThanOrEqual(Number(line["first_byte_ms"]));
}

describe("the head of the provider's response and the first byte of its body have a time each", () => {
  let started: StartedGateway;

  beforeAll(async () => {
    started = await startBesideProvider();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  async function ask(path: string, body: unknown): Promise<LogLine> {
    const id = crypto.randomUUID();
    const response = await started.post(path, body, { "x-request-id": id });
    await response.arrayBuffer();
    return started.gateway.logged(({ request_id: of, msg }) => of === id && msg !== undefined);
  }

  const EVENTS = dataEvent({ choices: [{ delta: { content: "a" } }] });

  test.each([
    ["an answer in one piece", "/v1/chat/completions", CHAT, () => slowly(200, JSON_HEAD, "{}")],
    ["a stream", "/v1/chat/completions", { ...CHAT, stream: true }, () => slowly(200, STREAM_HEAD, EVENTS)],
    ["an error", "/v1/chat/completions", CHAT, () => slowly(429, JSON_HEAD, '{"error":{"message":"slow"}}')],
    ["a proxied stream", "/proxy/openai/x", {}, () => slowly(200, STREAM_HEAD, EVENTS)],
    ["a proxied answer", "/proxy/openai/x", {}, () => slowly(200, { "content-length": "2" }, "{}")],
    ["a proxied error", "/proxy/openai/x", {}, () => slowly(404, JSON_HEAD, "{}")],
  ])("%s", async (_, path, body, answer) => {
    started.answerWith(answer);
    expectTimes(await withGap(() => ask(path, body)));
  });

  test("an answer without a body has no first byte", async () => {
    started.answerWith([head(204), end()]);
    const line = await ask("/proxy/openai/x", {});
    expect(line).toMatchObject({ status: 204, outcome: "answered" });
    expect(line["response_header_ms"]).toBeGreaterThan(0);
    expect(line).not.toHaveProperty("first_byte_ms");
  });

  test("what no provider was asked for has neither", async () => {
    const line = await ask("/v1/chat/completions", "{");
    expect(line["total_ms"]).toBeGreaterThan(0);
    expect(line).not.toHaveProperty("response_header_ms");
    expect(line).not.toHaveProperty("first_byte_ms");
  });
});

describe("with tools, the times are those of the first response", () => {
  let agent: AgentRig;

  beforeAll(async () => {
    agent = await startAgentRig();
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  const CALL = { id: "1", index: 0, type: "function", function: { name: "add", arguments: '{"a":1,"b":2}' } };

  test.each([
    [
      "in one piece",
      {},
      JSON_HEAD,
      JSON.stringify({
        choices: [{ finish_reason: "tool_calls", message: { role: "assistant", tool_calls: [CALL] } }],
      }),
      JSON.stringify({ choices: [{ finish_reason: "stop", message: { role: "assistant", content: "3" } }] }),
    ],
    [
      "as a stream",
      { stream: true },
      STREAM_HEAD,
      `${dataEvent({ choices: [{ index: 0, delta: { tool_calls: [CALL] } }] })}${dataEvent({ choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] })}data: [DONE]\n\n`,
      `${dataEvent({ choices: [{ index: 0, delta: { content: "3" }, finish_reason: "stop" }] })}data: [DONE]\n\n`,
    ],
  ] as const)("%s", async (_, asked, headers, first, second) => {
    const line = await withGap(async () => {
      agent.answer(
        () => slowly(200, headers, first),
        () => slowly(200, headers, second),
      );
      return (await agent.chat({ ...CHAT, ...asked })).line;
    });
    expect(line).toMatchObject({ tool_rounds: 1, tool_calls: 1, outcome: "answered" });
    expectTimes(line);
    // The second response took its time after that.
    expect(Number(line["total_ms"]) - Number(line["first_byte_ms"])).toBeGreaterThanOrEqual(LEAST_GAP_MS);
  });
});
