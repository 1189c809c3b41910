import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { chunk, close, head } from "../../fixtures/script.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { byTransport } from "../../fixtures/transport-differences.ts";
import { type Labels, METRICS, metricsUrl, type MetricsRead, readMetrics } from "./read-metrics.ts";

let rig: Rig;
let url: string;
beforeEach(async () => {
  rig = await startRig(METRICS);
  url = await metricsUrl(rig.gateway);
});
afterEach(() => rig[Symbol.asyncDispose]());

const MESSAGES = [{ role: "user", content: "hi" }];
const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 5 },
};
const CHAT = {
  id: "c",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: USAGE,
};

/** A whole answer that breaks off. */
const cutShort = () => [
  head(200, [
    ["content-type", "application/json"],
    ["content-length", "100"],
  ]),
  chunk("{"),
  close(),
];

async function ask(target: string, body: unknown): Promise<void> {
  const { client, id } = await rig.call({ target, body });
  await client.head();
  await client.body();
  await rig.settled(id);
}

const read = (): Promise<MetricsRead> => readMetrics(url);

const OF_MODEL = {
  source: "gateway",
  team: "",
  gen_ai_operation_name: "chat",
  gen_ai_provider_name: "openai",
  gen_ai_request_model: "m",
  gen_ai_response_model: "m",
} as const;

describe("a chat completion", () => {
  test("counts its time, its tokens by type, the call of its provider and how it ended", async () => {
    rig.provider.answerAlways(() => json(200, CHAT));
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES });
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES });
    const metrics = await read();
    expect(metrics.labelsOf("gen_ai_server_request_duration_seconds_count")).toEqual([OF_MODEL]);
    expect(metrics.sum("gen_ai_server_request_duration_seconds_count")).toBe(2);
    expect(metrics.sum("gen_ai_client_operation_duration_seconds_count", OF_MODEL)).toBe(2);
    const types = ["input", "output", "cache_read", "cache_creation", "reasoning"];
    const tokens = (type: string) => ({ ...OF_MODEL, gen_ai_token_type: type });
    expect(types.map((type) => metrics.sum("gen_ai_client_token_usage_sum", tokens(type)))).toEqual([
      200, 40, 128, 16, 10,
    ]);
    expect(types.map((type) => metrics.sum("gen_ai_client_token_usage_count", tokens(type)))).toEqual([2, 2, 2, 2, 2]);
    const ended = { route: "/v1/chat/completions", outcome: "answered", status: "200" };
    expect(metrics.sum("inference_gateway_requests_total", ended)).toBe(2);
    expect(metrics.sum("inference_gateway_attempts_total", { kind: "first", gen_ai_provider_name: "openai" })).toBe(2);
    expect(metrics.sum("inference_gateway_overhead_seconds_count", { route: "/v1/chat/completions" })).toBe(2);
    // No stream, no time to its first token.
    expect(metrics.labelsOf("gen_ai_server_time_to_first_token_seconds_count")).toEqual([]);
  });

  test("counts its cost if that is computed, and apart what has no price", async () => {
    await using priced = await startRig({ ...METRICS, COST_ENABLED: "true" });
    const told = await metricsUrl(priced.gateway);
    priced.provider.answerAlways(() => json(200, CHAT));
    for (const model of ["openai/gpt-4o", "openai/gpt-4o", "openai/no-such-model"]) {
      const { client, id } = await priced.call({ target: "/v1/chat/completions", body: { model, messages: MESSAGES } });
      await client.head();
      await client.body();
      await priced.settled(id);
    }
    const metrics = await readMetrics(told);
    // Of each, 36 tokens at 2.50 dollars for a million, 64 cached ones at 1.25, and 20 at 10.
    expect(metrics.sum("inference_gateway_cost_usd_total")).toBeCloseTo(0.00074, 12);
    expect(metrics.sum("inference_gateway_unpriced_requests_total")).toBe(1);
  });

  test("has the buckets of the conventions", async () => {
    rig.provider.answerAlways(() => json(200, CHAT));
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES });
    const metrics = await read();
    const bounds = (name: string, labels: Labels = {}) =>
      metrics.labelsOf(`${name}_bucket`, labels).map(({ le }) => le);
    expect(bounds("gen_ai_server_request_duration_seconds")).toEqual([
      ...["0.01", "0.02", "0.04", "0.08", "0.16", "0.32", "0.64"],
      ...["1.28", "2.56", "5.12", "10.24", "20.48", "40.96", "81.92", "+Inf"],
    ]);
    expect(bounds("gen_ai_client_token_usage", { gen_ai_token_type: "input" })).toEqual([
      ...["1", "4", "16", "64", "256", "1024", "4096", "16384", "65536", "262144", "1048576", "4194304"],
      ...["16777216", "67108864", "+Inf"],
    ]);
    const upTo = (le: string) => metrics.sum("gen_ai_client_token_usage_bucket", { gen_ai_token_type: "input", le });
    expect([upTo("64"), upTo("256"), upTo("+Inf")]).toEqual([0, 1, 1]);
  });

  test("that is a stream has times to its first token and for each further one", async () => {
    const events = [
      dataEvent({ choices: [{ index: 0, delta: { content: "a" } }] }),
      dataEvent({ choices: [], usage: USAGE }),
    ];
    rig.provider.answerAlways(() => sse(events, { done: true }));
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES, stream: true });
    const metrics = await read();
    for (const name of ["gen_ai_server_time_to_first_token", "gen_ai_server_time_per_output_token"]) {
      expect(metrics.sum(`${name}_seconds_count`, OF_MODEL)).toBe(1);
    }
    expect(metrics.sum("gen_ai_client_operation_time_to_first_chunk_seconds_count", OF_MODEL)).toBe(1);
    expect(metrics.sum("gen_ai_client_token_usage_sum", { gen_ai_token_type: "output" })).toBe(20);
  });

  test("is in flight until it is over, as is the connection that it uses", async () => {
    const gate = createGate();
    rig.provider.answerAlways(() =>
      sse([dataEvent({ choices: [] }), dataEvent("[DONE]")], { gaps: [undefined, gate] }),
    );
    const { client, id } = await rig.call({
      target: "/v1/chat/completions",
      body: { model: "openai/m", messages: MESSAGES, stream: true },
    });
    await client.head();
    await client.nextChunk();
    const before = await read();
    expect(before.sum("inference_gateway_requests_in_flight")).toBe(1);
    expect(before.sum("inference_gateway_upstream_connections", { state: "active" })).toBe(1);
    expect(before.sum("inference_gateway_requests_total", { route: "/v1/chat/completions" })).toBe(0);
    gate.open();
    await client.body();
    await rig.settled(id);
    const after = await read();
    expect(after.sum("inference_gateway_requests_in_flight")).toBe(0);
    expect(after.sum("inference_gateway_upstream_connections", { state: "active" })).toBe(0);
    const opened = after.sum("inference_gateway_upstream_connections_opened_total") > 0;
    expect(opened).toBe(byTransport("connectionsUncounted", true, false));
  });
});

describe("every API counts", () => {
  test.each([
    ["/v1/chat/completions", "chat", { model: "openai/m", messages: MESSAGES }],
    ["/v1/messages", "chat", { model: "anthropic/m", max_tokens: 5, messages: MESSAGES }],
    ["/v1/completions", "text_completion", { model: "openai/m", prompt: "hi" }],
    ["/v1/responses", "chat", { model: "openai/m", input: "hi" }],
    ["/v1/embeddings", "embeddings", { model: "openai/m", input: "hi" }],
    ["/v1/messages/count_tokens", "count_tokens", { model: "anthropic/m", messages: MESSAGES }],
    ["/v1beta/models/anthropic/m:generateContent", "generate_content", { contents: [{ parts: [{ text: "hi" }] }] }],
    ["/proxy/openai/anything", "proxy", { model: "openai/m" }],
  ])("%s", async (target, operation, body) => {
    rig.provider.answerAlways(() =>
      json(200, {
        ...{ id: "x", type: "message", role: "assistant", content: [{ type: "text", text: "a" }] },
        ...{ stop_reason: "end_turn", output: [], data: [], input_tokens: 3 },
        usage: { input_tokens: 3, output_tokens: 4 },
      }),
    );
    await ask(target, body);
    const metrics = await read();
    const labels = { gen_ai_operation_name: operation };
    expect(metrics.sum("gen_ai_server_request_duration_seconds_count", labels)).toBe(1);
    expect(metrics.sum("gen_ai_client_operation_duration_seconds_count", labels)).toBe(1);
    expect(metrics.labelsOf("gen_ai_server_request_duration_seconds_count", labels)[0]?.["error_type"]).toBeUndefined();
  });
});

describe("failures", () => {
  test("have a type: of the request, and of the call of the provider", async () => {
    rig.provider.answerAlways(() => json(500, { error: { message: "no" } }));
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES });
    await ask("/v1/chat/completions", "{");
    const metrics = await read();
    const failed = { error_type: "provider_error", gen_ai_provider_name: "openai" };
    expect(metrics.sum("gen_ai_server_request_duration_seconds_count", failed)).toBe(1);
    expect(metrics.sum("gen_ai_client_operation_duration_seconds_count", failed)).toBe(1);
    expect(metrics.sum("inference_gateway_attempts_total", failed)).toBe(1);
    const malformed = { error_type: "malformed_body", gen_ai_provider_name: "" };
    expect(metrics.sum("gen_ai_server_request_duration_seconds_count", malformed)).toBe(1);
    expect(metrics.sum("inference_gateway_requests_total", { outcome: "failed", status: "400" })).toBe(1);
  });

  test.each([
    ["in a whole answer with a good status", () => json(200, { error: { message: "no", code: 1305 } })],
    ["within a stream", () => sse([dataEvent({ choices: [] }), dataEvent({ error: { message: "no" } })])],
    ["that nobody can read", () => json(200, "no JSON")],
  ])("an error of the provider %s is one of the call, too", async (_, answer) => {
    rig.provider.answerAlways(answer);
    await ask("/v1/chat/completions", { model: "openai/m", messages: MESSAGES, stream: true });
    const metrics = await read();
    const [asked] = metrics.labelsOf("gen_ai_server_request_duration_seconds_count");
    const [called] = metrics.labelsOf("gen_ai_client_operation_duration_seconds_count");
    expect(asked?.["error_type"]).toMatch(/^(provider_error|upstream_\w+)$/);
    expect(called?.["error_type"]).toBe(asked?.["error_type"] ?? "");
    expect(metrics.labelsOf("inference_gateway_attempts_total")[0]?.["error_type"]).toBe(asked?.["error_type"] ?? "");
  });

  const TRANSLATED = "/v1/messages";
  const OVERLOADED = { error: { message: "no", code: "server_is_overloaded" } };
  test.each([
    ["in a whole answer with a good status", "/v1/chat/completions", () => json(200, OVERLOADED)],
    ["in a whole answer with a good status, in translation,", TRANSLATED, () => json(200, OVERLOADED)],
    ["in a whole answer that nobody can read", "/v1/chat/completions", () => json(200, "no JSON")],
    ["in a whole answer that nobody can translate", TRANSLATED, () => json(200, "no JSON")],
    ["in a whole answer that breaks off", "/v1/chat/completions", cutShort],
    ["in a whole answer that breaks off in translation", TRANSLATED, cutShort],
    ["in a whole answer that is empty", "/v1/chat/completions", () => json(200, "")],
    ["in a whole answer that is empty, in translation,", TRANSLATED, () => json(200, "")],
    ["with a status of its own", TRANSLATED, () => json(529, OVERLOADED)],
  ])("an error of the provider %s is one of the call, too", async (_, target, answer) => {
    rig.provider.answerAlways(answer);
    await ask(target, { model: "openai/m", max_tokens: 9, messages: MESSAGES });
    const metrics = await read();
    const [asked] = metrics.labelsOf("gen_ai_server_request_duration_seconds_count");
    const [called] = metrics.labelsOf("gen_ai_client_operation_duration_seconds_count");
    expect(asked?.["error_type"]).toMatch(/^(provider_error|upstream_\w+)$/);
    expect(called?.["error_type"]).toBe(asked?.["error_type"] ?? "");
    expect(metrics.labelsOf("inference_gateway_attempts_total")[0]?.["error_type"]).toBe(asked?.["error_type"] ?? "");
  });

  test("a client that leaves is one", async () => {
    rig.provider.answerAlways(() => sse([dataEvent({ choices: [] })], { gaps: [undefined, createGate()] }).slice(0, 2));
    const { client, id } = await rig.call({
      target: "/v1/chat/completions",
      body: { model: "openai/m", messages: MESSAGES, stream: true },
    });
    await client.head();
    await client.nextChunk();
    client.leave();
    await rig.settled(id);
    const metrics = await read();
    expect(metrics.sum("gen_ai_server_request_duration_seconds_count", { error_type: "client_gone" })).toBe(1);
    expect(metrics.sum("gen_ai_client_operation_duration_seconds_count", { error_type: "client_gone" })).toBe(1);
    expect(metrics.sum("inference_gateway_requests_total", { outcome: "client_gone" })).toBe(1);
  });
});

describe("names that only a client knows", () => {
  test("are no labels, until the provider has answered well for them", async () => {
    rig.provider.answerAlways(() => json(404, { error: { message: "no such model" } }));
    for (const name of ["made-up-1", "made-up-2"]) {
      await ask("/v1/chat/completions", { model: `openai/${name}`, messages: MESSAGES });
    }
    await ask("/v1/chat/completions", { model: "nobody/made-up-3", messages: MESSAGES });
    await ask("/proxy/made-up-4/x", {});
    await ask("/made-up-5", {});
    const metrics = await read();
    expect(metrics.text).not.toContain("made-up");
    expect(
      metrics.sum("gen_ai_server_request_duration_seconds_count", {
        gen_ai_provider_name: "openai",
        gen_ai_request_model: "other",
      }),
    ).toBe(2);
    rig.provider.answerAlways(() => json(200, CHAT));
    await ask("/v1/chat/completions", { model: "openai/made-up-1", messages: MESSAGES });
    const learned = await read();
    expect(learned.sum("gen_ai_server_request_duration_seconds_count", { gen_ai_request_model: "made-up-1" })).toBe(1);
  });

  test("are escaped and bounded, whatever they hold", async () => {
    rig.provider.answerAlways(() => json(200, CHAT));
    const hostile = 'a"} 1\ngen_ai_evil 1\\n{"\u0000\ud800';
    await ask("/v1/chat/completions", { model: `openai/${hostile}`, messages: MESSAGES });
    await ask("/v1/chat/completions", { model: `openai/${"x".repeat(5000)}`, messages: MESSAGES });
    const metrics = await read();
    expect(metrics.samples.filter(({ name }) => name === "gen_ai_evil")).toEqual([]);
    const models = metrics
      .labelsOf("gen_ai_server_request_duration_seconds_count")
      .map((labels) => labels["gen_ai_request_model"]);
    expect(models).toEqual([hostile.toWellFormed(), "other"]);
  });
});

test("what the process and its transport say of themselves", async () => {
  const metrics = await read();
  expect(metrics.sum("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(metrics.sum("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(Math.abs(metrics.sum("process_start_time_seconds") - Date.now() / 1000)).toBeLessThan(86_400);
  expect(metrics.sum("inference_gateway_log_lines_dropped_total")).toBe(0);
  expect(metrics.labelsOf("inference_gateway_event_loop_delay_seconds_count")).toEqual([{}]);
});

test("nothing listens, and nothing is said, if it is off", async () => {
  await using off = await startRig({ TELEMETRY_METRICS_PORT: "0" });
  const listening = await off.gateway.logged(({ msg }) => msg === "listening");
  expect(listening).not.toHaveProperty("metrics");
});
