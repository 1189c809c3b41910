import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encodeOfficial } from "../../fixtures/otlp-schema.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { metricsUrl, type MetricsRead, readMetrics } from "../metrics/read-metrics.ts";
import {
  attributes,
  CUMULATIVE,
  histogram,
  PROTOBUF,
  push,
  PUSH,
  pushBytes,
  REQUEST,
  requestOf,
  sum,
} from "./pushing.ts";

let started: StartedGateway;
let url: string;
beforeAll(async () => {
  started = await startBesideProvider((provider) => ({ ...threeProviders(provider), ...PUSH }));
  url = await metricsUrl(started.gateway);
});
afterAll(() => started[Symbol.asyncDispose]());

const read = (): Promise<MetricsRead> => readMetrics(url);
const good = (type: string) => ({ status: 200, type, rejected: 0, reason: "" });
let sources = 0;
/** Of a source of its own, so that tests do not see each other's. */
const newSource = (): string => `client-${sources++}`;

describe.each(["protobuf", "json"] as const)("in %s", (encoding) => {
  const type = encoding === "json" ? "application/json" : PROTOBUF;

  test("tokens as a sum are one observation each, with the labels that the point has", async () => {
    const source = newSource();
    const labels = {
      ...{ source, team: "platform", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude" },
      ...{ "gen_ai.response.model": "claude-1", "gen_ai.operation.name": "chat", "gen_ai.token.type": "input" },
      ...{ "user.id": "someone", "session.id": { stringValue: "secret" } },
    };
    const points = [{ asInt: 1500, attributes: attributes(labels) }];
    expect(await push(started, requestOf([sum("gen_ai.client.token.usage", points)]), encoding)).toEqual(good(type));
    await push(started, requestOf([sum("gen_ai.client.token.usage", points, { isMonotonic: false })]), encoding);
    const metrics = await read();
    expect(metrics.sum("gen_ai_client_token_usage_sum", { source })).toBe(3000);
    expect(metrics.labelsOf("gen_ai_client_token_usage_count", { source })).toEqual([
      {
        ...{ source, team: "platform", gen_ai_operation_name: "chat", gen_ai_provider_name: "anthropic" },
        ...{ gen_ai_request_model: "claude", gen_ai_response_model: "claude-1", gen_ai_token_type: "input" },
      },
    ]);
    expect(metrics.sum("gen_ai_client_token_usage_count", { source })).toBe(2);
  });

  test("a histogram with the gateway's bounds is added range by range", async () => {
    const source = newSource();
    const point = {
      ...{ count: 6, sum: 9.5, bucketCounts: [1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1] },
      explicitBounds: Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index),
      attributes: attributes({ source }),
    };
    const request = requestOf([histogram("gen_ai.server.request.duration", [point, point])]);
    expect(await push(started, request, encoding)).toEqual(good(type));
    const metrics = await read();
    const name = "gen_ai_server_request_duration_seconds";
    expect(metrics.sum(`${name}_count`, { source })).toBe(12);
    expect(metrics.sum(`${name}_sum`, { source })).toBe(19);
    const upTo = (le: string) => metrics.sum(`${name}_bucket`, { source, le });
    expect(["0.01", "0.08", "0.16", "1.28", "2.56", "81.92", "+Inf"].map(upTo)).toEqual([2, 2, 6, 6, 10, 10, 12]);
  });

  test("a histogram with other bounds loses no count and no sum, and shows nothing as less than it was", async () => {
    const source = newSource();
    const point = {
      ...{ count: 15, sum: 41, bucketCounts: [1, 2, 3, 4, 5], explicitBounds: [0, 0.05, 1, 100] },
      attributes: attributes({ source }),
    };
    expect(await push(started, requestOf([histogram("gen_ai.execute_tool.duration", [point])]), encoding)).toEqual(
      good(type),
    );
    const metrics = await read();
    const name = "gen_ai_execute_tool_duration_seconds";
    const upTo = (le: string) => metrics.sum(`${name}_bucket`, { source, le });
    expect(["0.01", "0.04", "0.08", "0.64", "1.28", "81.92", "+Inf"].map(upTo)).toEqual([1, 1, 3, 3, 6, 6, 15]);
    expect([metrics.sum(`${name}_count`, { source }), metrics.sum(`${name}_sum`, { source })]).toEqual([15, 41]);
  });

  test("what has no ranges is where its mean is, and what has no sum is taken to be amid its ranges", async () => {
    const [mean, amid] = [newSource(), newSource()];
    const points = [
      { count: 4, sum: 2, attributes: attributes({ source: mean }) },
      { count: 1_000_000, explicitBounds: [1], bucketCounts: [1_000_000, 0], attributes: attributes({ source: amid }) },
      { count: 0, sum: 0, attributes: attributes({ source: "nothing" }) },
      { flags: 1, attributes: attributes({ source: "nothing" }) },
    ];
    const request = requestOf([histogram("gen_ai.client.operation.duration", points)]);
    expect(await push(started, request, encoding)).toEqual(good(type));
    const metrics = await read();
    const name = "gen_ai_client_operation_duration_seconds";
    expect(metrics.sum(`${name}_bucket`, { source: mean, le: "0.32" })).toBe(0);
    expect(metrics.sum(`${name}_bucket`, { source: mean, le: "0.64" })).toBe(4);
    expect(metrics.sum(`${name}_count`, { source: amid })).toBe(1_000_000);
    expect(metrics.sum(`${name}_sum`, { source: amid })).toBe(500_000);
    expect(metrics.labelsOf(`${name}_count`, { source: "nothing" })).toEqual([]);
  });

  test("calls of tools and decisions of guardrails are counted", async () => {
    const source = newSource();
    const tool = attributes({ source, "gen_ai.tool.name": "read_file", "gen_ai.tool.type": "function" });
    const decision = attributes({ source, phase: "pre_call", "guardrail.action": "block" });
    const request = requestOf([
      sum("inference_gateway.tool_calls", [{ asInt: 3, attributes: tool }]),
      sum("inference_gateway.guardrails", [{ asDouble: 2, attributes: decision }]),
    ]);
    expect(await push(started, request, encoding)).toEqual(good(type));
    const metrics = await read();
    expect(metrics.sum("inference_gateway_tool_calls_total", { source, gen_ai_tool_name: "read_file" })).toBe(3);
    const decided = { source, phase: "pre_call", action: "block", team: "unknown" };
    expect(metrics.sum("inference_gateway_guardrails_total", decided)).toBe(2);
  });

  test("a source is the point's, else the service's name, and never the gateway", async () => {
    const service = newSource();
    const usage = (given: object) => sum("gen_ai.client.token.usage", [{ asInt: 1, ...given }]);
    await push(
      started,
      requestOf([usage({}), usage({ attributes: attributes({ source: "gateway" }) })], service),
      encoding,
    );
    expect((await read()).sum("gen_ai_client_token_usage_count", { source: service })).toBe(2);
    const before = (await read()).sum("gen_ai_client_token_usage_count", { source: "unknown" });
    await push(started, requestOf([usage({ attributes: attributes({ source: "gateway" }) })], "gateway"), encoding);
    const metrics = await read();
    expect(metrics.sum("gen_ai_client_token_usage_count", { source: "unknown" })).toBe(before + 1);
    expect(metrics.sum("gen_ai_client_token_usage_count", { source: "gateway" })).toBe(0);
  });

  test("of an attribute that is given twice, the last counts", async () => {
    const [first, last] = [newSource(), newSource()];
    const twice = [...attributes({ source: first }), ...attributes({ source: last })];
    await push(started, requestOf([sum("gen_ai.client.token.usage", [{ asInt: 1, attributes: twice }])]), encoding);
    expect((await read()).sum("gen_ai_client_token_usage_count", { source: first })).toBe(0);
    expect((await read()).sum("gen_ai_client_token_usage_count", { source: last })).toBe(1);
  });

  const source = "refused";
  const of = { attributes: attributes({ source }) };
  const ranges = { count: 3, sum: 1, bucketCounts: [1, 2], explicitBounds: [1], ...of };
  const duration = (more: object) => histogram("gen_ai.server.request.duration", [{ ...ranges, ...more }]);
  test.each<[why: string, metric: object, reason: string, points?: number]>([
    ["an unknown name", sum("my.metric", [{ asInt: 1 }, { asInt: 1 }]), 'unsupported metric "my.metric"', 2],
    [
      "another of the gateway's names",
      sum("inference_gateway.requests", [{ asInt: 1 }]),
      'unsupported metric "inference_gateway.requests"',
    ],
    [
      "cumulative sums",
      sum("gen_ai.client.token.usage", [{ asInt: 1, ...of }], { aggregationTemporality: CUMULATIVE }),
      'metric "gen_ai.client.token.usage": only delta temporality is supported',
    ],
    [
      "cumulative histograms",
      histogram("gen_ai.client.token.usage", [ranges], { aggregationTemporality: CUMULATIVE }),
      'metric "gen_ai.client.token.usage": only delta temporality is supported',
    ],
    [
      "no temporality",
      histogram("gen_ai.client.token.usage", [ranges], { aggregationTemporality: 0 }),
      'metric "gen_ai.client.token.usage": only delta temporality is supported',
    ],
    [
      "gauges",
      { name: "gen_ai.client.token.usage", gauge: { dataPoints: [{ asInt: 1 }, { asInt: 1 }] } },
      'metric "gen_ai.client.token.usage": only sum and histogram data are supported',
      2,
    ],
    [
      "exponential histograms",
      {
        name: "gen_ai.server.request.duration",
        exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ count: 1, sum: 1, scale: 3 }] },
      },
      'metric "gen_ai.server.request.duration": only histogram data is supported',
    ],
    [
      "summaries",
      { name: "gen_ai.server.request.duration", summary: { dataPoints: [{ count: 1, sum: 1 }] } },
      'metric "gen_ai.server.request.duration": only histogram data is supported',
    ],
    [
      "sums of durations",
      sum("gen_ai.server.request.duration", [{ asDouble: 1 }]),
      'metric "gen_ai.server.request.duration": only histogram data is supported',
    ],
    [
      "histograms of counts",
      histogram("inference_gateway.tool_calls", [ranges]),
      'metric "inference_gateway.tool_calls": only sum data is supported',
    ],
    [
      "counts that go down",
      sum("inference_gateway.tool_calls", [{ asInt: 1 }], { isMonotonic: false }),
      'metric "inference_gateway.tool_calls": only monotonic sums are supported',
    ],
    ["milliseconds", { ...duration({}), unit: "ms" }, 'metric "gen_ai.server.request.duration": its unit must be s'],
    ["negative counts", sum("inference_gateway.tool_calls", [{ asInt: -1, ...of }]), "a value is negative"],
    ["no value", sum("inference_gateway.tool_calls", [of]), "a point has no value"],
    [
      "too much",
      sum("inference_gateway.guardrails", [{ asInt: "9223372036854775807", ...of }]),
      "a value is more than",
    ],
    ["a negative sum", duration({ sum: -1 }), "its sum is negative"],
    ["more counts than bounds", duration({ bucketCounts: [1, 1, 1] }), "it must have one count more than bounds"],
    ["bounds without counts", duration({ bucketCounts: [] }), "it has bounds, but no counts"],
    ["a wrong count", duration({ count: 4 }), "its count is not the sum of its ranges"],
    ["bounds in disorder", duration({ explicitBounds: [2, 1], bucketCounts: [1, 1, 1] }), "its bounds do not ascend"],
    ["huge counts", duration({ count: "18446744073709551615" }), "its count is more than"],
    [
      "huge ranges",
      duration({ bucketCounts: ["9007199254740992", 0], count: 3 }),
      "a count is more than 9007199254740991",
    ],
    [
      "nothing but a count",
      histogram("gen_ai.server.request.duration", [{ count: 1, ...of }]),
      "it has neither a sum nor ranges",
    ],
    [
      "too many ranges",
      duration({ explicitBounds: Array.from({ length: 2000 }, (_, i) => i), bucketCounts: Array(2001).fill(0) }),
      "it has more ranges than are looked at",
    ],
  ])("%s: is rejected with a reason, and the rest of the request is taken", async (_, metric, reason, points = 1) => {
    const usage = sum("gen_ai.client.token.usage", [{ asInt: 7, attributes: attributes({ source: "taken" }) }]);
    const takenTokens = (metrics: MetricsRead) => metrics.sum("gen_ai_client_token_usage_sum", { source: "taken" });
    const before = takenTokens(await read());
    const answer = await push(started, requestOf([metric, usage]), encoding);
    expect(answer).toMatchObject({ status: 200, type, rejected: points });
    expect(answer.reason).toContain(reason);
    const metrics = await read();
    expect(takenTokens(metrics)).toBe(before + 7);
    expect(metrics.text).not.toContain(`source="${source}"`);
    expect(metrics.text).not.toContain("NaN");
  });
});

test.each([
  ["a value", sum("inference_gateway.tool_calls", [{ asDouble: Number.NaN }]), "a value is not a number"],
  ["a value", sum("inference_gateway.tool_calls", [{ asDouble: Number.POSITIVE_INFINITY }]), "a value is more than"],
  [
    "a sum",
    histogram("gen_ai.execute_tool.duration", [{ count: 1, sum: Number.NaN, bucketCounts: [1] }]),
    "its sum is not a number",
  ],
  [
    "a bound",
    histogram("gen_ai.execute_tool.duration", [
      { count: 1, sum: 1, bucketCounts: [1, 0, 0], explicitBounds: [1, Number.NaN] },
    ]),
    "its bounds do not ascend",
  ],
])("%s that is no number is rejected with a reason", async (_, metric, reason) => {
  const answer = await push(started, requestOf([metric]));
  expect([answer.status, answer.rejected]).toEqual([200, 1]);
  expect(answer.reason).toContain(reason);
});

test("many reasons are told shortly", async () => {
  const metrics = Array.from({ length: 500 }, (_, index) => sum(`${"x".repeat(1000)}${index}`, [{ asInt: 1 }]));
  const named = Array.from({ length: 500 }, (_, index) => sum(`a.${index}`, [{ asInt: 1 }]));
  const answer = await push(started, requestOf([...metrics, ...named]));
  expect(answer.rejected).toBe(1000);
  expect(answer.reason.split("; ").length).toBe(11);
  expect(answer.reason.length).toBeLessThan(2000);
});

describe("what cannot be read is refused, and nothing of it is counted", () => {
  const usage = sum("gen_ai.client.token.usage", [{ asInt: 1, attributes: attributes({ source: "half" }) }]);
  const bytes = encodeOfficial(REQUEST, requestOf([usage]));
  const tag = (field: number, wire: number) => field * 8 + wire;

  test.each<[string, Uint8Array]>([
    ["that ends early", bytes.subarray(0, -1)],
    ["whose beginning is good", Buffer.concat([bytes, Buffer.from([tag(1, 2), 200])])],
    ["with a field of a wire type that it cannot have", Buffer.concat([bytes, Buffer.from([tag(1, 0), 1])])],
    ["with a group", Buffer.concat([bytes, Buffer.from([tag(9, 3), tag(9, 4)])])],
    ["with a number that is too long", Buffer.concat([bytes, Buffer.from([tag(9, 0), ...Array(11).fill(0x80)])])],
    ["with a length beyond all", Buffer.concat([bytes, Buffer.from([tag(9, 2), ...Array(9).fill(0xff), 1])])],
    ["with a field without a number", Buffer.concat([bytes, Buffer.from([2, 0])])],
    ["of text", Buffer.from("not protobuf at all")],
  ])("protobuf %s", async (_, body) => {
    const response = await pushBytes(started, new Uint8Array(body));
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining("Failed to decode OTLP payload"),
    ]);
    expect((await read()).text).not.toContain('source="half"');
  });

  test("every beginning of a request is refused or is a request itself", async () => {
    for (let length = 0; length < bytes.length; length++) {
      expect([200, 400]).toContain((await pushBytes(started, bytes.slice(0, length))).status);
    }
    expect((await read()).text).not.toContain('source="half"');
  });

  const json = { "content-type": "application/json" };
  test.each([
    ["no text of JSON", "{", 400],
    ["no object", "[]", 400],
    ["a list that is none", '{"resourceMetrics":{}}', 400],
    ["an element that is no object", '{"resourceMetrics":[1]}', 400],
    ["data of two kinds", JSON.stringify(requestOf([{ ...usage, histogram: {} }])), 400],
    [
      "a text in place of a number",
      JSON.stringify(requestOf([usage, sum("x", [])]))
        .replace("1}", '"x"}')
        .replace('"asInt":1', '"asInt":"x"'),
      400,
    ],
    ["depth", `{"a":${"[".repeat(100)}${"]".repeat(100)}}`, 400],
  ])("JSON with %s", async (_, body, status) => {
    const response = await pushBytes(started, body, json);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining("decode")]);
    expect((await read()).text).not.toContain('source="half"');
  });
});
