import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { MAX_PUSHED_SERIES } from "../../../src/telemetry/metrics/series.ts";
import { ProtobufCursor } from "../../../src/telemetry/otlp/protobuf-cursor.ts";
import type { PushSink } from "../../../src/telemetry/metrics/push/pushed-request.ts";
import { STEPS_OF_TURN } from "../../../src/telemetry/metrics/push/pushed-request.ts";
import { readJsonPush } from "../../../src/telemetry/metrics/push/read-json.ts";
import { readProtobufPush } from "../../../src/telemetry/metrics/push/read-protobuf.ts";
import { json } from "../../fixtures/answers.ts";
import { encodeOfficial } from "../../fixtures/otlp-schema.ts";
import { createSigningKey } from "../../fixtures/signing-key.ts";
import { AUDIENCE, startTokenIssuer } from "../../fixtures/token-issuer.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { METRICS, metricsUrl, readMetrics } from "../metrics/read-metrics.ts";
import { attributes, PROTOBUF, push, PUSH, pushBytes, REQUEST, requestOf, sum } from "./pushing.ts";

const MAX_BYTES = 4 * 1024 * 1024;
const start = (settings: Readonly<Record<string, string>>) =>
  startBesideProvider((provider) => ({ ...threeProviders(provider), ...settings }));

const usage = (source: string, tokens = 1) =>
  sum("gen_ai.client.token.usage", [{ asInt: tokens, attributes: attributes({ source }) }]);
const bytes = encodeOfficial(REQUEST, requestOf([usage("one")]));

/** A field of bytes: of so many. */
function field(number: number, length: number): Uint8Array<ArrayBuffer> {
  const head = [number * 8 + 2];
  for (let rest = length; ; rest = Math.floor(rest / 0x80)) {
    head.push(rest >= 0x80 ? (rest % 0x80) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  const whole = new Uint8Array(head.length + length);
  whole.set(head);
  return whole;
}

const nested = (number: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const content = Buffer.concat(parts);
  const whole = field(number, content.length);
  whole.set(content, whole.length - content.length);
  return whole;
};

/** The bytes of a request whose only metric is a sum of this name that has this for points. */
const sumOf = (name: string, points: Uint8Array): Uint8Array<ArrayBuffer> => {
  const temporality = Buffer.from([2 * 8, 1, 3 * 8, 1]);
  const metric = nested(2, nested(1, Buffer.from(name)), nested(7, points, temporality));
  return nested(1, nested(2, metric));
};

describe("the route", () => {
  test.each<Record<string, string>>([
    {},
    { ...METRICS },
    { TELEMETRY_METRICS_PUSH_ENABLED: "true" },
    { ...PUSH, TELEMETRY_ENABLED: "false" },
  ])("answers 403 with %p", async (settings) => {
    await using started = await start(settings);
    const response = await pushBytes(started, bytes);
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining("Metrics push is not enabled"),
    ]);
  });

  test("asks for the credential that all routes ask for", async () => {
    await using started = await start({ ...PUSH, AUTH_ENABLED: "true", AUTH_API_KEYS: "me:sk-own-key-0123456789" });
    expect((await pushBytes(started, bytes)).status).toBe(401);
    const headers = { "content-type": PROTOBUF, authorization: "Bearer sk-own-key-0123456789" };
    expect((await pushBytes(started, bytes, headers)).status).toBe(200);
  });
});

test("a team is what the point says, else what the issuer says of who pushes", async () => {
  const key = await createSigningKey("ES256", "one");
  await using issuer = startTokenIssuer(key);
  const oidc = { AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: issuer.url, AUTH_OIDC_CLIENT_ID: AUDIENCE };
  await using started = await start({ ...PUSH, ...oidc, TELEMETRY_TEAM_CLAIM: "department" });
  const headers = {
    "content-type": PROTOBUF,
    authorization: `Bearer ${await issuer.sign(key, { department: "search" })}`,
  };
  const points = [{ asInt: 1 }, { asInt: 2, attributes: attributes({ team: "sales" }) }];
  const body = encodeOfficial(REQUEST, requestOf([sum("inference_gateway.tool_calls", points)]));
  expect((await pushBytes(started, body, headers)).status).toBe(200);
  const metrics = await readMetrics(await metricsUrl(started.gateway));
  const callsOf = (team: string) => metrics.sum("inference_gateway_tool_calls_total", { team });
  expect([callsOf("search"), callsOf("sales")]).toEqual([1, 2]);
});

describe("a request", () => {
  let started: StartedGateway;
  let url: string;
  beforeAll(async () => {
    started = await start(PUSH);
    url = await metricsUrl(started.gateway);
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each(["text/plain", "application/x-protobuf-text", "application/jsonp", "multipart/form-data; boundary=x"])(
    "of the type %s is refused with 415",
    async (type) => {
      const response = await pushBytes(started, bytes, { "content-type": type });
      expect([response.status, await response.text()]).toEqual([
        415,
        expect.stringContaining("Content-Type must be application/x-protobuf or application/json"),
      ]);
    },
  );

  test("may be empty, of either type", async () => {
    expect((await push(started, {})).status).toBe(200);
    const answer = await pushBytes(started, "{}", { "content-type": "application/json" });
    expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
  });

  test("may be compressed with gzip, and nothing else is taken for it", async () => {
    const headers = { "content-type": PROTOBUF, "content-encoding": "gzip" };
    expect((await pushBytes(started, gzipSync(bytes), headers)).status).toBe(200);
    expect((await readMetrics(url)).sum("gen_ai_client_token_usage_count", { source: "one" })).toBe(1);
    expect((await pushBytes(started, bytes, headers)).status).toBe(400);
    expect((await pushBytes(started, bytes, { ...headers, "content-encoding": "lzma" })).status).toBe(415);
  });

  test("may have texts that are not well-formed: those that are shown as the same are one series", async () => {
    const points = ["\ud800", "\udfff", "\ufffd"].map((team) => ({ asInt: 1, attributes: attributes({ team }) }));
    await push(started, requestOf([sum("inference_gateway.tool_calls", points)], "unpaired"), "json");
    const labels = { source: "unpaired", team: "\ufffd" };
    const metrics = await readMetrics(url);
    expect(metrics.labelsOf("inference_gateway_tool_calls_total", labels)).toEqual([labels]);
    expect(metrics.sum("inference_gateway_tool_calls_total", labels)).toBe(points.length);
  });

  // An unknown field fills it up: what nobody reads counts as well.
  const filler = (length: number) => field(15, length);
  test("is refused with 413 beyond 4 MiB, as it is sent", async () => {
    expect((await pushBytes(started, filler(MAX_BYTES - 5))).status).toBe(200);
    const response = await pushBytes(started, filler(MAX_BYTES));
    expect([response.status, await response.text()]).toEqual([
      413,
      expect.stringContaining(`more than ${MAX_BYTES} bytes`),
    ]);
  });

  test("is refused with 413 beyond 4 MiB, as it is unpacked", async () => {
    const headers = { "content-type": PROTOBUF, "content-encoding": "gzip" };
    expect((await pushBytes(started, gzipSync(filler(MAX_BYTES - 5)), headers)).status).toBe(200);
    expect((await pushBytes(started, gzipSync(filler(MAX_BYTES)), headers)).status).toBe(413);
    const bomb = gzipSync(new Uint8Array(64 * MAX_BYTES));
    expect(bomb.length).toBeLessThan(MAX_BYTES / 4);
    expect((await pushBytes(started, bomb, headers)).status).toBe(413);
  });

  test("of the smallest points is answered, and says how many it refused", async () => {
    const count = 2_000_000;
    const points = new Uint8Array(count * 2);
    for (let index = 0; index < points.length; index += 2) points[index] = 1 * 8 + 2;
    const response = await pushBytes(started, sumOf("inference_gateway.tool_calls", points));
    expect(response.status).toBe(200);
    const rejected = new ProtobufCursor(Buffer.from(await response.arrayBuffer()));
    rejected.next();
    const partial = rejected.nested("partial_success");
    partial.next();
    expect(partial.varint("rejected_data_points")).toBe(count);
  }, 30_000);
});

test("what pushers make up becomes no more than so many series, and takes nothing from the gateway's own", async () => {
  await using started = await start(PUSH);
  const url = await metricsUrl(started.gateway);
  const points = Array.from({ length: 20_000 }, (_, index) => ({
    asInt: 1,
    attributes: attributes({
      source: `s${index % 40}`,
      team: `t${index % 70}`,
      "gen_ai.request.model": `m${index}`,
      ...(index % 2 === 0 && { "error.type": `e${index % 90}` }),
      ...(index % 30 === 0 && { "gen_ai.tool.name": "x".repeat(300) }),
    }),
  }));
  const answer = await push(started, requestOf([sum("inference_gateway.tool_calls", points)]));
  expect(answer.rejected).toBe(0);
  started.answerWith(() => json(200, { usage: { prompt_tokens: 3, completion_tokens: 2 } }));
  const tokens = Array.from({ length: 2000 }, (_, index) => ({
    asInt: 1,
    attributes: attributes({ source: `s${index % 40}`, team: `t${index % 90}`, "gen_ai.request.model": `m${index}` }),
  }));
  await push(started, requestOf([sum("gen_ai.client.token.usage", tokens)]));
  const chat = { model: "openai/gpt", messages: [{ role: "user", content: "hi" }] };
  await (await started.post("/v1/chat/completions", chat)).text();
  const metrics = await readMetrics(url);
  const series = metrics.labelsOf("inference_gateway_tool_calls_total");
  expect(series.length).toBeLessThanOrEqual(MAX_PUSHED_SERIES + 2);
  expect(metrics.sum("inference_gateway_tool_calls_total")).toBe(20_000);
  expect(metrics.text).not.toContain("xxx");
  const own = { source: "gateway", gen_ai_request_model: "gpt", gen_ai_token_type: "input" };
  expect(metrics.sum("gen_ai_client_token_usage_sum", own)).toBe(3);
});

describe("a request of any form is read in turns", () => {
  const half = 100_000;
  const repeat = (part: Uint8Array) => Buffer.concat(Array.from({ length: half }, () => part));
  const point = nested(1, Buffer.from([6 * 8 + 1, 1, 0, 0, 0, 0, 0, 0, 0]));
  const forms: Readonly<Record<string, Uint8Array>> = {
    "empty groups": repeat(field(1, 0)),
    "empty scopes": nested(1, repeat(field(2, 0))),
    "empty metrics": nested(1, nested(2, repeat(field(2, 0)))),
    "attributes of a resource": nested(1, nested(1, repeat(field(1, 0)))),
    "points that are not read": sumOf("x", repeat(point)),
    points: sumOf("inference_gateway.tool_calls", repeat(point)),
    "attributes of a point": sumOf("inference_gateway.tool_calls", nested(1, repeat(field(7, 0)))),
    "values of a point": sumOf("inference_gateway.tool_calls", nested(1, repeat(Buffer.from([8 * 8, 1])))),
    "unknown fields": repeat(Buffer.from([15 * 8, 1])),
  };
  const sink: PushSink = { begin: ({ name }) => name !== "x", take() {}, refuse() {} };

  test.each(Object.entries(forms))("protobuf with many %s", (_, form) => {
    const turns = [...readProtobufPush(Buffer.from(form), sink)].length;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(half / STEPS_OF_TURN));
  });

  const many = <Value>(value: Value): Value[] => Array.from({ length: half }, () => value);
  const ranges = {
    histogram: { dataPoints: Array.from({ length: 1000 }, () => ({ bucketCounts: many(1).slice(0, 1000) })) },
  };
  const given = { sum: { dataPoints: [{ attributes: many({}) }] } };
  test.each<[string, readonly object[]]>([
    ["groups", many({})],
    ["scopes", [{ scopeMetrics: many({}) }]],
    ["metrics", [{ scopeMetrics: [{ metrics: many({}) }] }]],
    ["attributes of a resource", [{ resource: { attributes: many({}) } }]],
    ["points", requestOf([sum("inference_gateway.tool_calls", many({}))]).resourceMetrics],
    ["attributes of a point", requestOf([given]).resourceMetrics],
    ["ranges", requestOf([ranges]).resourceMetrics],
  ])("JSON with many %s", (_, resourceMetrics) => {
    const turns = [...readJsonPush({ resourceMetrics }, sink)].length;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(half / STEPS_OF_TURN));
  });

  test("an attribute of very many fields is refused", () => {
    const attribute = nested(7, repeat(field(1, 0)));
    const body = sumOf("inference_gateway.tool_calls", nested(1, attribute));
    expect(() => [...readProtobufPush(Buffer.from(body), sink)]).toThrow("an attribute has too many fields");
  });
});
