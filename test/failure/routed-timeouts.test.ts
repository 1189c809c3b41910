import { afterAll, beforeAll, expect, test } from "bun:test";
import { configOf } from "../config/file/load-file.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { passTime } from "../fixtures/passing-time.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { json } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { chunk, head, stall, wait } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { STREAMS } from "./timed-rig.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const LATE_MS = 3000;

const clock = createManualClock();
const { passUntil, passed } = passTime(clock);
let provider: MockProvider;
let gateway: RunningGateway;

/** What a file says of timeouts, at every place where it can. */
const file = (url: string): string => `
providers:
  left: { base_url: "${url}/v1", api_key: k, apis: [chat], timeouts: { header: 4s, idle: 40s } }
models:
  narrow:
    deployments: [{ provider: left, model: m, timeouts: { header: 6s } }]
    timeouts: { header: 5s }
  fast:
    deployments: [{ provider: left, model: m }]
    timeouts: { header: 30s, first_token: 8s, total: 20s }
  wide:
    deployments: [{ provider: left, model: m }]
`;

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  const config = await configOf(file(provider.url), { SERVER_PORT: "0" });
  gateway = await startAt(clock, { change: () => config })({});
  await provider.nextRequest(10_000);
  provider.readBy(gateway);
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

const MESSAGES = [{ role: "user", content: "hi" }];

async function ask(model: string, stream: boolean, headers: Readonly<Record<string, string>> = {}) {
  const startedAt = clock.now();
  const body = JSON.stringify({ model, stream, messages: MESSAGES });
  // Time passes with the turns of the event loop, in which it reads; on the thread of fetch it would pass unseen.
  await using client = await openRawClient(gateway.port);
  await client.request("POST", "/v1/chat/completions", {
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  // No time passes while the gateway loads what routing needs.
  await provider.nextRequest(10_000);
  const text = await passUntil(client.head().then(async ({ status }) => `${status} ${(await client.body()).text}`));
  return { text, took: clock.now() - startedAt };
}

test.each([
  ["left/m", 4000, "timeouts.header of provider left"],
  ["wide", 4000, "timeouts.header of provider left"],
  ["narrow", 6000, "timeouts.header of deployment left/m of model narrow"],
  ["fast", 8000, "timeouts.first_token of model fast"],
])("the narrowest rule for %s counts, and is named", async (model, milliseconds, rule) => {
  for (const stream of [false, true]) {
    provider.answer([stall()]);
    const { text, took } = await ask(model, stream);
    expect(text).toStartWith("504");
    expect(text).toContain(`(${rule})`);
    expect(took).toBeWithin(milliseconds, milliseconds + LATE_MS);
  }
});

const [chat] = STREAMS;

/** Content for as long as somebody listens. */
const goOn = async function* () {
  yield head(200, EVENT_STREAM);
  yield chunk(chat?.silent.join("") ?? "");
  for (;;) {
    yield chunk(chat?.content ?? "");
    yield wait(passed(2000));
  }
};

test.each<[string, Readonly<Record<string, string>>, number, string]>([
  ["its model's", {}, 20_000, "timeouts.total of model fast"],
  ["the client's, if that is shorter", { "x-request-timeout": "12s" }, 12_000, "X-Request-Timeout"],
  ["its model's, if that is shorter", { "x-request-timeout": "12m" }, 20_000, "timeouts.total of model fast"],
])("the whole of a routed stream takes no longer than %s", async (_, headers, milliseconds, rule) => {
  provider.answer(goOn);
  const { text, took } = await ask("fast", true, headers);
  expect(text).toContain("Hello");
  expect(text).toContain(`The request was not answered in time (${rule})`);
  expect(took).toBeWithin(milliseconds, milliseconds + LATE_MS);
});

test("first token of a routed stream: what says nothing does not end the wait", async () => {
  provider.answer(async function* () {
    yield head(200, EVENT_STREAM);
    for (;;) {
      yield chunk(chat?.silent.join("") ?? "");
      yield wait(passed(2000));
    }
  });
  const { text, took } = await ask("fast", true);
  expect(text).toContain("sent no content in time (timeouts.first_token of model fast)");
  expect(took).toBeWithin(8000, 8000 + LATE_MS);
});
