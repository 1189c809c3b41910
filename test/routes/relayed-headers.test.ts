import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { chunk, end, head } from "../fixtures/script.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type PostRoute, POST_ROUTES, SMALLEST } from "./requests.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({ ...threeProviders(url), SERVER_CORS_ORIGINS: "*" }));
});
afterAll(() => started[Symbol.asyncDispose]());

const RELAYED_TO_PROVIDER = {
  "anthropic-beta": "a-1,b-2",
  "anthropic-version": "2099-01-01",
  "openai-beta": "assistants=v2",
  "openai-organization": "org",
  "openai-project": "proj",
  "idempotency-key": "i-1",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "a=b",
};

const KEPT_BACK = {
  authorization: "Bearer callers",
  "x-api-key": "callers",
  "api-key": "callers",
  cookie: "s=callers",
  "proxy-authorization": "callers",
  forwarded: "for=callers",
  "x-forwarded-for": "callers",
  "x-real-ip": "callers",
  "x-request-id": "callers",
  "x-stainless-os": "callers",
  "x-mcp-bypass": "callers",
  referer: "callers",
  origin: "callers",
  accept: "callers/x",
  "accept-language": "callers",
  "x-anything": "callers",
};

describe("of the client's headers", () => {
  test.each(POST_ROUTES)("only the allow-listed reach the provider on %s", async (route) => {
    const headers = { ...RELAYED_TO_PROVIDER, ...KEPT_BACK, "user-agent": "my-agent/1 (x)" };
    await using client = await openRawClient(started.gateway.port);
    await client.request("POST", route, { headers, body: JSON.stringify(SMALLEST[route]) });
    expect((await client.head()).status).toBe(200);
    const call = started.takeCall();
    for (const [name, value] of Object.entries(RELAYED_TO_PROVIDER))
      expect([name, call.header(name)]).toEqual([name, value]);
    expect(Buffer.from(call.head).toString()).not.toContain("callers");
    expect(call.header("user-agent")).toMatch(/^inference-gateway\/\d+\.\d+\.\d+ my-agent\/1 \(x\)$/);
    const names = call.headers.map(([name]) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
  });

  test("none needs to be there: the provider is told who calls and what it demands", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.request("POST", "/v1/messages", { body: JSON.stringify(SMALLEST["/v1/messages"]) });
    expect((await client.head()).status).toBe(200);
    const call = started.takeCall();
    expect(call.header("user-agent")).toMatch(/^inference-gateway\/\d+\.\d+\.\d+$/);
    expect([call.header("anthropic-version"), call.header("x-api-key")]).toEqual(["2023-06-01", KEY]);
  });
});

describe("of the provider's headers", () => {
  const RELAYED = {
    "retry-after": "7",
    "retry-after-ms": "6500",
    "request-id": "req_1",
    "x-ratelimit-remaining-tokens": "12",
    "x-ratelimit-reset-requests": "1s",
    "anthropic-ratelimit-requests-limit": "50",
    "openai-processing-ms": "31",
    "openai-version": "2020-10-01",
    "ratelimit-remaining": "3",
    "x-ratelimitbysize-limit": "4",
    "x-ms-retry-after-ms": "9",
    "x-should-retry": "false",
  };
  const DROPPED = {
    "x-request-id": "theirs",
    "set-cookie": "a=secret",
    server: "secret",
    "cf-ray": "secret",
    "openai-organization": "secret",
    "access-control-allow-origin": "*",
    "strict-transport-security": "secret",
    "x-anything": "secret",
    "alt-svc": "secret",
    "www-authenticate": "secret",
  };

  async function expectAllowListed(response: Response): Promise<void> {
    for (const [name, value] of Object.entries(RELAYED))
      expect([name, response.headers.get(name)]).toEqual([name, value]);
    expect(response.headers.get("x-upstream-request-id")).toBe("theirs");
    expect(response.headers.get("x-request-id")).toBe("ours");
    const known = new Set([...Object.keys(RELAYED), "x-upstream-request-id", "x-request-id"]);
    const rest = [...response.headers.keys()].filter((name) => !known.has(name)).sort();
    expect([
      "cache-control",
      "content-length",
      "content-type",
      "date",
      "transfer-encoding",
      "x-accel-buffering",
      // Of errors.
      "x-gateway-provider",
    ]).toEqual(expect.arrayContaining(rest));
    await response.body?.cancel();
  }
  const post = (route: PostRoute, extra: object = {}) =>
    started.post(route, { ...SMALLEST[route], ...extra }, { "x-request-id": "ours" });

  test.each(POST_ROUTES)("only the allow-listed reach the client on %s", async (route) => {
    started.answerWith(json(200, {}, { ...RELAYED, ...DROPPED }));
    await expectAllowListed(await post(route));
  });

  test("the same holds for errors and for streams", async () => {
    started.answerWith(json(429, { error: { message: "slow" } }, { ...RELAYED, ...DROPPED }));
    await expectAllowListed(await post("/v1/chat/completions"));
    started.answerWith(sse([dataEvent({ n: 1 })], { done: true, headers: { ...RELAYED, ...DROPPED } }));
    const stream = await post("/v1/chat/completions", { stream: true });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect([stream.headers.get("cache-control"), stream.headers.get("x-accel-buffering")]).toEqual(["no-cache", "no"]);
    await expectAllowListed(stream);
  });

  test.each(POST_ROUTES)("an answer on %s that does not say what it is is JSON", async (route) => {
    started.answerWith([head(200, { "content-length": "2" }), chunk("{}"), end()]);
    const response = await post(route);
    expect([response.headers.get("content-type"), await response.text()]).toEqual(["application/json", "{}"]);
  });

  test("the content type is the provider's", async () => {
    started.answerWith([...json(200, "{}")].map((step) => (step.kind === "head" ? withType(step) : step)));
    const response = await post("/v1/chat/completions");
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    function withType(step: Extract<ReturnType<typeof json>[number], { kind: "head" }>) {
      const headers = step.headers.filter(([name]) => name !== "content-type");
      return { ...step, headers: [...headers, ["Content-Type", "application/json; charset=utf-8"] as const] };
    }
  });
});
