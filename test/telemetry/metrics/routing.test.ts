import { afterEach, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { chunk, head, reset, wait } from "../../fixtures/script.ts";
import type { RunningGateway } from "../../fixtures/start-gateway.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { within } from "../../fixtures/within.ts";
import { configOf } from "../../config/file/load-file.ts";
import { BEGUN, broken, rest } from "../../routing-requests/resume/broken-streams.ts";
import { METRICS, metricsUrl, type MetricsRead, readMetrics } from "./read-metrics.ts";

const ANSWER = { choices: [{ message: { content: "hello" } }], usage: { prompt_tokens: 3, completion_tokens: 2 } };
const FAILURE = json(500, { error: { message: "no" } });

let providers: readonly MockProvider[] = [];
let gateway: RunningGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  await Promise.all(providers.map((provider) => provider.stop()));
});

/** A gateway with these models, before two providers. */
async function start(models: string, environment: Readonly<Record<string, string>> = {}) {
  const [left, right] = await Promise.all([startMockProvider(), startMockProvider()]);
  providers = [left, right];
  for (const provider of providers) provider.answerAlways(() => json(200, { data: [] }));
  const config = await configOf(
    [
      "providers:",
      `  left: { base_url: "${left.url}/v1", api_key: sk-left-0123456789, apis: [chat] }`,
      `  right: { base_url: "${right.url}/v1", api_key: sk-right-0123456789, apis: [chat] }`,
      models,
    ].join("\n"),
    { ...METRICS, SERVER_PORT: "0", ...environment },
  );
  const running = await startGateway({}, { change: () => config });
  gateway = running;
  const url = await metricsUrl(running);
  await Promise.all([left.nextRequest(), right.nextRequest()]);
  const ask = async (model: string, stream = false): Promise<number> => {
    const body = JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], ...(stream && { stream }) });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${running.url}/v1/chat/completions`, { method: "POST", headers, body });
    await response.text();
    return response.status;
  };
  return { left, right, ask, read: (): Promise<MetricsRead> => readMetrics(url) };
}

const FAST = `models:
  fast:
    strategy: priority
    deployments:
      - { provider: left, model: small, priority: 0 }
      - { provider: right, model: large, priority: 1 }
    cooldown: { failures: 1, for: 1h }
`;

test("a name of one's own: every attempt, why it was made, and the state of each circuit", async () => {
  const { left, right, ask, read } = await start(FAST);
  left.answerAlways(() => FAILURE);
  right.answerAlways(() => json(200, ANSWER));
  expect(await ask("fast")).toBe(200);
  const metrics = await read();
  const asked = { gen_ai_request_model: "fast", gen_ai_response_model: "large", gen_ai_provider_name: "right" };
  expect(metrics.sum("gen_ai_server_request_duration_seconds_count", asked)).toBe(1);
  expect(metrics.sum("gen_ai_client_token_usage_sum", { ...asked, gen_ai_token_type: "input" })).toBe(3);
  const attempts = metrics.labelsOf("inference_gateway_attempts_total");
  expect(attempts).toEqual([
    {
      gen_ai_provider_name: "left",
      gen_ai_response_model: "small",
      kind: "first",
      error_type: "provider_error",
    },
    { gen_ai_provider_name: "right", gen_ai_response_model: "large", kind: "retry" },
  ]);
  const failed = { gen_ai_provider_name: "left", gen_ai_response_model: "small", error_type: "provider_error" };
  expect(metrics.sum("gen_ai_client_operation_duration_seconds_count", failed)).toBe(1);
  expect(metrics.labelsOf("inference_gateway_deployments", { gen_ai_request_model: "fast" })).toEqual([
    { gen_ai_request_model: "fast", deployment: "left/small", state: "open" },
    { gen_ai_request_model: "fast", deployment: "right/large", state: "closed" },
  ]);
});

test.each([
  ["an error with a good status", () => json(200, { error: { message: "no" } }), "provider_error"],
  ["a page", () => json(200, "<html>no</html>"), "upstream_invalid_response"],
  ["an answer that breaks off", () => [head(200, { "content-length": "99" }), chunk("{"), reset()], "upstream_reset"],
  ["nothing", () => json(200, ""), "upstream_empty_response"],
])("%s in place of a whole answer is why that attempt was of no use", async (_, answer, code) => {
  const { left, right, ask, read } = await start(FAST);
  left.answerAlways(answer);
  right.answerAlways(() => json(200, ANSWER));
  expect(await ask("fast")).toBe(200);
  const metrics = await read();
  const [first] = metrics.labelsOf("inference_gateway_attempts_total", { kind: "first" });
  const [called] = metrics.labelsOf("gen_ai_client_operation_duration_seconds_count", { gen_ai_provider_name: "left" });
  expect([first?.["error_type"], called?.["error_type"]]).toEqual([code, code]);
});

test("a fallback is one, and is counted under the name that was asked for", async () => {
  const { left, right, ask, read } = await start(`models:
  first: { deployments: [{ provider: left, model: a }], fallbacks: [second], retries: { attempts: 2 } }
  second: { deployments: [{ provider: right, model: b }] }
`);
  left.answerAlways(() => FAILURE);
  right.answerAlways(() => json(200, ANSWER));
  expect(await ask("first")).toBe(200);
  const metrics = await read();
  expect(metrics.sum("inference_gateway_attempts_total", { kind: "fallback", gen_ai_response_model: "b" })).toBe(1);
  const answered = { gen_ai_request_model: "first", gen_ai_response_model: "b" };
  expect(metrics.sum("gen_ai_server_request_duration_seconds_count", answered)).toBe(1);
});

test("a stream that goes on elsewhere is a further attempt, at the model and the price of who goes on", async () => {
  const { left, right, ask, read } = await start(
    `models:
  fast:
    resume: true
    strategy: priority
    deployments:
      - { provider: left, model: small }
      - { provider: right, model: large, prefill: continue_final_message, price: { input: 0, output: 0, request: 2 } }
`,
    { COST_ENABLED: "true" },
  );
  left.answerAlways(() => broken(BEGUN, [reset()]));
  right.answerAlways(() => rest(["!"]));
  expect(await ask("fast", true)).toBe(200);
  const metrics = await read();
  expect(metrics.labelsOf("inference_gateway_attempts_total", { gen_ai_provider_name: "right" })).toEqual([
    { gen_ai_provider_name: "right", gen_ai_response_model: "large", kind: "retry" },
  ]);
  expect(metrics.sum("inference_gateway_attempts_total", { kind: "first" })).toBe(1);
  expect(metrics.sum("inference_gateway_cost_usd_total")).toBe(2);
});

test("a name that only a client has made up from a pattern is no label while it fails", async () => {
  const { left, ask, read } = await start(`models:
  "any/*": { deployments: [{ provider: left, model: "*" }] }
`);
  left.answerAlways(() => json(404, { error: { message: "no such model" } }));
  expect(await ask("any/made-up")).toBe(404);
  const failed = await read();
  expect(failed.text).not.toContain("made-up");
  left.answerAlways(() => json(200, ANSWER));
  expect(await ask("any/made-up")).toBe(200);
  const known = { gen_ai_request_model: "any/made-up", gen_ai_response_model: "made-up" };
  expect((await read()).sum("gen_ai_server_request_duration_seconds_count", known)).toBe(1);
});

test("who waits for room is seen in the queue, and how long it took is not the gateway's own time", async () => {
  const { left, ask, read } = await start(`models:
  narrow:
    deployments: [{ provider: left, model: a, limits: { max_in_flight: 1 } }]
    limits: { queue: { length: 5, timeout: 1m } }
`);
  const gate = createGate();
  left.answerAlways(() => [wait(gate), ...json(200, ANSWER)]);
  const first = ask("narrow");
  await left.nextRequest();
  const second = ask("narrow");
  const waits = async (): Promise<void> => {
    while ((await read()).sum("inference_gateway_queue_length", { gen_ai_request_model: "narrow" }) !== 1);
  };
  await within(waits(), 5000, "a request in the queue");
  await Bun.sleep(250);
  gate.open();
  expect([await first, await second]).toEqual([200, 200]);
  const metrics = await read();
  expect(metrics.sum("inference_gateway_queue_length", { gen_ai_request_model: "narrow" })).toBe(0);
  expect(metrics.sum("inference_gateway_queue_wait_seconds_count", { gen_ai_request_model: "narrow" })).toBe(1);
  expect(metrics.sum("inference_gateway_queue_wait_seconds_sum")).toBeGreaterThanOrEqual(0.2);
  const total = metrics.sum("gen_ai_server_request_duration_seconds_sum");
  const own = metrics.sum("inference_gateway_overhead_seconds_sum", { route: "/v1/chat/completions" });
  expect(total - own).toBeGreaterThanOrEqual(0.4);
});
