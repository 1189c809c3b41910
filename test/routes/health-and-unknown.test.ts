import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

let gateway: RunningGateway;
let openAiErrors: RunningGateway;

beforeAll(async () => {
  [gateway, openAiErrors] = await Promise.all([
    startGateway({ SERVER_ALLOWED_HOSTS: "x, a-long-name.example.org" }),
    startGateway({ ERROR_FORMAT: "openai" }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway.stop(), openAiErrors.stop()]);
});

const UNKNOWN = "Requested route is not found";
const NOT_ALLOWED = "Method not allowed. Use POST";

test.each(["*", "a:443", "[::1]:443", "/[", "/v1/models"])("a tunnel is refused, wherever to: %s", async (target) => {
  // Of the second one the Host is known.
  for (const header of ["x", "x"]) {
    await using client = await openRawClient(gateway.port);
    await client.send(`CONNECT ${target} HTTP/1.1\r\nHost: ${header}\r\n\r\n`);
    const { status } = await client.head();
    expect([target, status === 405 || status === 400]).toEqual([target, true]);
  }
});

test("the root says what this is and where to go on, whoever asks", async () => {
  const start = await fetch(`${gateway.url}/`);
  const body = (await start.json()) as Record<string, string>;
  expect([start.status, body["message"]]).toEqual([200, expect.stringContaining("inference gateway")]);
  expect(body).toMatchObject({ chat: "/v1/chat/completions", guide: "/docs", reference: "/swagger" });
  for (const name of ["models", "health", "guide", "reference"]) {
    const { status } = await fetch(gateway.url + body[name]);
    expect([name, status]).toEqual([name, 200]);
  }
  const head = await fetch(`${gateway.url}/`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await fetch(`${gateway.url}/`, { method: "POST" })).status).toBe(405);
  // Load balancers ask all the time.
  expect(gateway.log.filter(({ route }) => route === "/")).toEqual([]);

  await using closed = await startGateway({
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: "alice:local-secret",
    SWAGGER_ENABLED: "false",
  });
  const bare = await fetch(`${closed.url}/`);
  const named = Object.keys((await bare.json()) as object);
  expect([bare.status, named]).toEqual([200, ["message", "chat", "models", "health"]]);
});

describe("unknown routes and methods", () => {
  test("an unknown route is 404, a wrong method 405 with Allow, as plain errors", async () => {
    const unknown = await fetch(`${gateway.url}/v2/nothing?x=1`);
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("content-type")).toBe("application/json");
    expect(await unknown.json()).toEqual({
      error: UNKNOWN,
      type: "not_found_error",
      code: "route_not_found",
      request_id: unknown.headers.get("x-request-id"),
    });
    const wrong = await fetch(`${gateway.url}/v1/chat/completions`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await wrong.json()).toMatchObject({ error: NOT_ALLOWED, code: "method_not_allowed" });
  });

  test("with ERROR_FORMAT=openai they come in OpenAI's envelope, with real nulls", async () => {
    const unknown = await fetch(`${openAiErrors.url}/nothing`);
    expect(await unknown.json()).toEqual({
      error: { message: UNKNOWN, type: "not_found_error", param: null, code: "route_not_found" },
    });
    const wrong = await fetch(`${openAiErrors.url}/v1/embeddings`, { method: "PUT" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await wrong.json()).toMatchObject({ error: { message: NOT_ALLOWED, param: null } });
  });

  test.each(["/v1/messages", "/v1/messages/count_tokens"])("%s answers them in Anthropic's envelope", async (path) => {
    for (const { url } of [gateway, openAiErrors]) {
      const wrong = await fetch(url + path);
      expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
      expect(await wrong.json()).toEqual({
        type: "error",
        error: { type: "invalid_request_error", message: NOT_ALLOWED },
        request_id: wrong.headers.get("x-request-id"),
      });
    }
  });

  test("a path below /v1/messages is Anthropic's, one that only begins so is not", async () => {
    const below = await fetch(`${gateway.url}/v1/messages/batches`, { method: "POST", body: "{}" });
    expect(below.status).toBe(404);
    expect(await below.json()).toMatchObject({ type: "error", error: { type: "not_found_error", message: UNKNOWN } });
    const beside = await fetch(`${gateway.url}/v1/messagesque`);
    expect(await beside.json()).toMatchObject({ error: UNKNOWN });
  });

  test.each([
    ["POST", "/health", "GET, HEAD"],
    ["POST", "/v1/health", "GET, HEAD"],
    ["DELETE", "/health/ready", "GET, HEAD"],
    ["POST", "/v1/models", "GET, HEAD"],
    ["DELETE", "/v1/models/openai/gpt-4o", "GET, HEAD"],
    ["OPTIONS", "/v1/chat/completions", "POST"],
    ["PATCH", "/v1/responses", "POST"],
    ["POST", "/swagger", "GET, HEAD"],
    ["POST", "/swagger/json", "GET, HEAD"],
    ["POST", "/docs", "GET, HEAD"],
    ["POST", "/docs/settings", "GET, HEAD"],
  ])("%s %s is 405 and allows %s", async (method, path, allow) => {
    const response = await fetch(gateway.url + path, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
    expect(response.headers.get("x-request-id")).toBeTruthy();
  });

  test("a path is looked up as it is: in another case or with doubled slashes it is 404", async () => {
    await using client = await openRawClient(gateway.port);
    for (const path of ["/V1/models", "//v1/models", "/v1//models", "/health//", "/v1/models%2f"]) {
      await client.request("GET", path);
      expect([path, (await client.head()).status]).toEqual([path, 404]);
      await client.body();
    }
  });

  test("the Host header has no say in the route", async () => {
    await using client = await openRawClient(gateway.port);
    for (const host of ["x", "a-long-name.example.org:8080"]) {
      await client.send(`GET /v1/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.head()).status).toBe(200);
      expect((await client.body()).text).toBe('{"message":"OK"}');
      await client.send(`GET /pub/v1/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.head()).status).toBe(404);
      await client.body();
    }
  });

  // The URL of such a request has no origin, so nothing may be read out of it at fixed places.
  test.each(["x/y", "x?y", "a@b", "x y", ""])(
    "a Host header of %j is refused, without a word on stderr",
    async (host) => {
      for (const path of ["/v1/models", "/v1/models/x", "/nothing", "/proxy/openai/x", "/pub/abc/v1/models"]) {
        await using client = await openRawClient(gateway.port);
        await client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Request-Id: mine\r\n\r\n`);
        const head = await client.head();
        expect([path, head.status, head.header("x-request-id")]).toEqual([path, 400, "mine"]);
        expect(JSON.parse((await client.body()).text)).toMatchObject({ error: "The Host header is not valid" });
      }
      expect(gateway.output().stderr).not.toContain("TypeError");
    },
  );

  test("two Content-Length headers are refused, also if they agree", async () => {
    for (const path of ["/v1/chat/completions", "/proxy/openai/x"]) {
      await using client = await openRawClient(gateway.port);
      await client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}`);
      expect((await client.head()).status).toBe(400);
      expect((await client.body()).text).toContain("Content-Length");
    }
  });

  test("a method that nobody knows is answered like any other that the path does not take", async () => {
    await using client = await openRawClient(gateway.port);
    await client.send("BREW /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await client.head()).status).toBe(405);
  });
});

describe("health", () => {
  test.each(["/health", "/v1/health", "/health/ready"])("%s is 200, by GET and by HEAD", async (path) => {
    const response = await fetch(gateway.url + path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await response.text()).toBe('{"message":"OK"}');
    await using client = await openRawClient(gateway.port);
    await client.request("HEAD", path);
    const head = await client.head();
    expect([head.status, head.header("content-length")]).toEqual([200, "16"]);
    expect((await client.body()).text).toBe("");
  });

  test("an old load balancer that asks by HTTP/1.0 without a Host is answered", async () => {
    for (const path of ["/health", "/v1/health", "/health/ready"]) {
      await using client = await openRawClient(gateway.port);
      await client.send(`GET ${path} HTTP/1.0\r\n\r\n`);
      expect((await client.head()).status).toBe(200);
    }
  });
});

describe("X-Request-Id", () => {
  const PATHS = [
    "/health",
    "/v1/models",
    "/v1/models/none",
    "/nothing",
    "/swagger",
    "/swagger/json",
    "/docs",
    "/proxy/none/x",
  ];

  test.each([...PATHS, "/v1/messages"])("%s echoes a sane one and makes one if there is none", async (path) => {
    const echoed = await fetch(gateway.url + path, { headers: { "x-request-id": "Ab-1 ~!" } });
    expect(echoed.headers.get("x-request-id")).toBe("Ab-1 ~!");
    await echoed.body?.cancel();
    const made = await fetch(gateway.url + path);
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    await made.body?.cancel();
  });

  test("one that is too long, not printable or empty is replaced", async () => {
    const longest = "x".repeat(128);
    const kept = await fetch(`${gateway.url}/health`, { headers: { "x-request-id": longest } });
    expect(kept.headers.get("x-request-id")).toBe(longest);
    for (const id of [`${longest}x`, "a\tb", "caf\u00e9", ""]) {
      const response = await fetch(`${gateway.url}/health`, { headers: { "x-request-id": id } });
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("stands in the body of an error", async () => {
    const response = await fetch(`${gateway.url}/nothing`, { headers: { "x-request-id": "mine" } });
    expect(await response.json()).toMatchObject({ request_id: "mine" });
  });
});
