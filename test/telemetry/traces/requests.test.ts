import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, resetWithoutAnswer, sse } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { openRawClient } from "../../fixtures/raw-http-client.ts";
import { chunk, close, head } from "../../fixtures/script.ts";
import { CHAT } from "../../routes/requests.ts";
import { KEY, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { SAMPLED, SPAN, split, startTraced, TRACE, type TracedGateway, traceOf, UNSAMPLED } from "./traced-gateway.ts";

let traced: TracedGateway;
beforeAll(async () => {
  traced = await startTraced();
});
beforeEach(() => {
  traced.started.takeCalls();
});
afterAll(() => traced[Symbol.asyncDispose]());

const ANSWER =
  '{"model":"gpt-4o-2024","usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":3}}}';

describe("a request", () => {
  test("is a span of the client's trace, its call another one below it, which the provider goes on with", async () => {
    const { started } = traced;
    started.answerWith(json(200, ANSWER));
    const before = Date.now();
    const response = await started.post("/v1/chat/completions", CHAT, {
      traceparent: SAMPLED,
      tracestate: "vendor=1",
      baggage: "tenant=7",
      "x-request-id": "traced-1",
    });
    expect([response.status, await response.text()]).toEqual([200, ANSWER]);
    const { own, steps } = split(await traced.spans());
    const [call] = steps;
    expect(own).toMatchObject({
      ...{ traceId: TRACE, parentSpanId: SPAN, traceState: "vendor=1", flags: 0x301, kind: 2, status: 0, events: [] },
      name: "POST /v1/chat/completions",
      attributes: {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "inference_gateway.request.id": "traced-1",
        "inference_gateway.outcome": "answered",
        "inference_gateway.stream": false,
      },
    });
    expect(steps).toHaveLength(1);
    expect(call).toMatchObject({
      ...{ traceId: TRACE, parentSpanId: own.spanId, traceState: "vendor=1", flags: 0x101, kind: 3, status: 0 },
      name: "chat gpt-4o",
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024",
        "gen_ai.usage.input_tokens": 11,
        "server.address": "127.0.0.1",
        "server.port": started.provider.port,
        "http.response.status_code": 200,
        "inference_gateway.attempt.kind": "first",
      },
    });
    expect(traceOf(started.takeCall())).toEqual([`00-${TRACE}-${call?.spanId}-01`, "vendor=1", "tenant=7"]);
    expect(own.start).toBeWithin(before - 2, Date.now() + 2);
    expect([own.start <= (call?.start ?? 0), (call?.end ?? 0) <= own.end]).toEqual([true, true]);
    expect(own.end).toBeGreaterThanOrEqual(own.start);
    const line = await started.gateway.logged(({ request_id: id, msg }) => id === "traced-1" && msg === "request");
    expect(line["trace_id"]).toBe(TRACE);
  });

  test("without a trace gets one of its own", async () => {
    const { started } = traced;
    await (await started.post("/v1/embeddings", { model: "openai/e", input: "x" }, { "x-request-id": "own-1" })).text();
    const { own, steps } = split(await traced.spans());
    expect(own).toMatchObject({ parentSpanId: "", flags: 0x101, name: "POST /v1/embeddings" });
    expect(own.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(steps).toMatchObject([{ traceId: own.traceId, name: "embeddings e", parentSpanId: own.spanId }]);
    expect(traceOf(started.takeCall())).toEqual([`00-${own.traceId}-${steps[0]?.spanId}-01`, null, null]);
    const line = await started.gateway.logged(({ request_id: id, msg }) => id === "own-1" && msg === "request");
    expect(line["trace_id"]).toBe(own.traceId);
  });

  test.each([
    [{ traceparent: "t" }],
    [{ traceparent: `00-${TRACE}-${SPAN}-01-x` }],
    [{ traceparent: `00-${"0".repeat(32)}-${SPAN}-01`, tracestate: "a=1" }],
    [{ tracestate: "a=1" }],
  ])("with a malformed trace gets another one: %p", async (headers) => {
    const { started } = traced;
    await (await started.post("/v1/chat/completions", CHAT, headers)).text();
    const { own } = split(await traced.spans());
    expect([own.traceId === TRACE, own.parentSpanId, own.traceState]).toEqual([false, "", ""]);
    expect(traceOf(started.takeCall()).slice(1)).toEqual([null, null]);
  });

  test("goes on with the trace without a state or a baggage that is malformed", async () => {
    const { started } = traced;
    const headers = { traceparent: SAMPLED, tracestate: "A=1", baggage: "a b" };
    await (await started.post("/v1/chat/completions", CHAT, headers)).text();
    expect(split(await traced.spans()).own).toMatchObject({ traceId: TRACE, traceState: "" });
    expect(traceOf(started.takeCall()).slice(1)).toEqual([null, null]);
  });

  test.each([
    ["POST", "/proxy/openai/v1/chat/completions", "proxy openai"],
    ["GET", "/proxy/openai/v1/files", "proxy openai"],
    ["POST", "/v1/messages", "chat claude-x"],
  ])("of %s %s goes on too, with one header of each name", async (method, path, name) => {
    const { started } = traced;
    started.answerWith(json(200, {}));
    const body = { model: "anthropic/claude-x", max_tokens: 1, messages: [{ role: "user", content: "x" }] };
    const headers = { traceparent: SAMPLED, tracestate: "a=1", "content-type": "application/json" };
    await (await started.send(method, path, method === "GET" ? undefined : body, headers)).text();
    const { own, steps } = split(await traced.spans());
    expect([own.traceId, steps.map((step) => step.name)]).toEqual([TRACE, [name]]);
    expect(traceOf(started.takeCall())).toEqual([`00-${TRACE}-${steps[0]?.spanId}-01`, "a=1", null]);
  });

  test("whose client leaves ends its spans", async () => {
    const { started } = traced;
    const gate = createGate();
    started.answerWith(
      sse([dataEvent({ choices: [{ delta: { content: "a" } }] }), "data: [DONE]\n\n"], { gaps: [undefined, gate] }),
    );
    const client = await openRawClient(started.gateway.port);
    const body = JSON.stringify({ ...CHAT, stream: true });
    await client.request("POST", "/v1/chat/completions", { body, headers: { "content-type": "application/json" } });
    await client.nextChunk();
    client.reset();
    const { own, steps } = split(await traced.spans());
    gate.open();
    expect(own.attributes).toMatchObject({ "inference_gateway.outcome": "client_gone", "error.type": "client_gone" });
    expect([own.status, steps[0]?.attributes["error.type"], steps[0]?.status]).toEqual([0, "client_gone", 2]);
  });

  test("that is a stream says when its first bytes came", async () => {
    const { started } = traced;
    const events = [
      dataEvent({ choices: [{ delta: { content: "a" } }] }),
      dataEvent({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }),
    ];
    started.answerWith(sse(events, { done: true }));
    const body = { ...CHAT, stream: true, stream_options: { include_usage: true } };
    await (await started.post("/v1/chat/completions", body)).text();
    const { own, steps } = split(await traced.spans());
    for (const span of [own, steps[0]]) {
      expect(span?.events).toMatchObject([{ name: "gen_ai.first_token" }]);
      expect(span?.events[0]?.time).toBeWithin(span?.start ?? 0, (span?.end ?? 0) + 0.001);
      expect(span?.attributes["gen_ai.usage.output_tokens"]).toBe(2);
    }
    expect(own.attributes["inference_gateway.stream"]).toBe(true);
  });

  test.each([
    ["an error of the provider", json(429, { error: { message: "no", type: "t" } }), 429, "provider_error", 0],
    ["a provider that breaks off", resetWithoutAnswer(), 502, "upstream_reset", 2],
    ["a body that breaks off", [head(200, { "content-length": "100" }), chunk("{"), close()], 502, "upstream_reset", 2],
  ])("that fails says why: %s", async (_, answer, status, type, code) => {
    const { started } = traced;
    started.answerWith(answer);
    const response = await started.post("/v1/chat/completions", CHAT);
    await response.text();
    expect(response.status).toBe(status);
    const { own, steps } = split(await traced.spans());
    expect([own.status, own.attributes["error.type"]]).toEqual([code, type]);
    expect(steps.at(-1)).toMatchObject({ status: 2, attributes: { "error.type": type } });
  });

  test("that is refused has no step", async () => {
    const response = await traced.started.post("/v1/chat/completions", { messages: [] });
    expect(response.status).toBe(400);
    const { own, steps } = split(await traced.spans());
    expect([own.status, own.attributes["error.type"], steps]).toEqual([0, "invalid_request", []]);
  });

  test("to a health check is not traced", async () => {
    const { started, collector } = traced;
    const before = collector.requests.length;
    await (await fetch(`${started.gateway.url}/health`)).text();
    await (await started.post("/v1/chat/completions", CHAT)).text();
    await traced.spans();
    expect(collector.requests.slice(before).flatMap(({ spans }) => spans.map(({ name }) => name))).not.toContain(
      "GET /health",
    );
  });
});

test("nothing that is exported holds a key or what was said", async () => {
  const { started, collector } = traced;
  const body = { ...CHAT, messages: [{ role: "user", content: "hush-hush" }] };
  started.answerWith(json(200, { choices: [{ message: { content: "murmur" } }] }));
  await (await started.post("/v1/chat/completions?key=k-secret", body, { authorization: "Bearer t-secret" })).text();
  await traced.spans();
  const all = JSON.stringify(collector.requests);
  for (const secret of [KEY, "hush-hush", "murmur", "k-secret", "t-secret"]) expect(all).not.toContain(secret);
});

describe("while a trace is not sampled", () => {
  test("the client's own is passed on as it was, and nothing is exported", async () => {
    const { started, collector } = traced;
    const before = collector.requests.length;
    await (await started.post("/v1/chat/completions", CHAT, { traceparent: UNSAMPLED, tracestate: "a=1" })).text();
    expect(traceOf(started.takeCall())).toEqual([UNSAMPLED, "a=1", null]);
    await (await started.post("/v1/chat/completions", CHAT)).text();
    await traced.spans();
    expect(
      collector.requests
        .slice(before)
        .flatMap(({ spans }) => spans)
        .some(({ traceId }) => traceId === TRACE),
    ).toBe(false);
  });

  test("one of the gateway's own says so, and is in the log", async () => {
    await using off = await startTraced({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" });
    const { started, collector } = off;
    await (await started.post("/v1/chat/completions", CHAT, { "x-request-id": "off-1" })).text();
    const [, traceId] =
      /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/.exec(started.takeCall().header("traceparent") ?? "") ?? [];
    const line = await started.gateway.logged(({ request_id: id, msg }) => id === "off-1" && msg === "request");
    expect([typeof traceId, line["trace_id"]]).toEqual(["string", traceId]);
    await started.gateway.end();
    expect(collector.requests).toEqual([]);
  });
});

test("OTEL_PROPAGATORS=none neither goes on with a trace nor passes one on", async () => {
  await using none = await startTraced({ OTEL_PROPAGATORS: "none" });
  await (await none.started.post("/v1/chat/completions", CHAT, { traceparent: SAMPLED, baggage: "a=1" })).text();
  expect(split(await none.spans()).own.traceId).not.toBe(TRACE);
  expect(traceOf(none.started.takeCall())).toEqual([null, null, null]);
});

test("without tracing the client's headers are passed on as they are, and the log has no trace", async () => {
  await using plain = await startBesideProvider(threeProviders);
  await (
    await plain.post("/v1/chat/completions", CHAT, { traceparent: "t", tracestate: "A", "x-request-id": "p" })
  ).text();
  await (await plain.post("/v1/chat/completions", CHAT)).text();
  expect(plain.takeCalls().map(traceOf)).toEqual([
    ["t", "A", null],
    [null, null, null],
  ]);
  expect(await plain.gateway.logged(({ request_id: id, msg }) => id === "p" && msg === "request")).not.toHaveProperty(
    "trace_id",
  );
});
