import { afterAll, beforeAll, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider();
});
afterAll(() => started[Symbol.asyncDispose]());

async function statusOf(target: string): Promise<number> {
  await using client = await openRawClient(started.gateway.port);
  await client.request("GET", target);
  return (await client.head()).status;
}

test.each([
  "/proxy/openai/a/..%2f..%2fadmin",
  "/proxy/openai/a%2Fb",
  "/proxy/openai/a%5cb",
  "/proxy/openai/..%5c..%5cadmin",
  "/proxy/openai/a/%252e%252e/admin",
  "/proxy/openai/%25252e%25252e/admin",
  "/proxy/openai/a%252fb",
  "/proxy/openai/%252f..%252fadmin%25zz",
  "/proxy/openai/..;/admin",
  "/proxy/openai/%2e%2e;x=1/admin",
  "/proxy/openai//evil.example/x",
  "/proxy/openai///evil.example/x",
  "/proxy/openai/https://evil.example/x",
  "/proxy/openai/HTTP://evil.example/x",
  "/proxy/openai/file:///etc/passwd",
  "/proxy/openai/x%00y",
  "/proxy/openai/x%0d%0ahost:%20evil",
  "/proxy/openai/x%250aset-cookie",
  "/proxy/openai/x%zz",
  "/proxy/openai/a#b",
  "/proxy/openai/%252e%252e#/x",
  "/proxy/openai/x%",
  "/v1/proxy/openai/a/%252e%252e/admin",
  "/v1/proxy/openai//evil.example/x",
])("%s is 400 and reaches no one", async (target) => {
  expect(await statusOf(target)).toBe(400);
  expect(started.takeCalls()).toEqual([]);
});

test("a path encoded thousands of times over is 400 at once", async () => {
  const before = process.threadCpuUsage();
  expect(await statusOf(`/proxy/openai/%${"25".repeat(6000)}2e`)).toBe(400);
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(500);
});

// These are resolved before anything looks at them: they can only name another route, as a browser's would.
test.each([
  ["/proxy/openai/../groq/x", "/groq/v1/x"],
  ["/proxy/openai/%2e%2e/groq/x", "/groq/v1/x"],
  ["/proxy/openai/a/../b", "/v1/b"],
  ["/proxy/openai/a/.%2E/b", "/v1/b"],
  ["/proxy/openai/a\\..\\b", "/v1/b"],
  ["/proxy/openai/./b", "/v1/b"],
  ["http://evil.example/proxy/openai/b", "/v1/b"],
])("%s means %s", async (target, reached) => {
  expect(await statusOf(target)).toBe(200);
  expect(started.takeCall().target).toBe(reached);
});

test.each([
  "/proxy/openai/../../x",
  "/proxy/openai/../../../etc/passwd",
  "/proxy/%2e%2e/admin",
  "/proxy/openai/%2e%2e/%2e%2e/%2e%2e/x",
])("%s leads out of /proxy, where nothing is", async (target) => {
  expect(await statusOf(target)).toBe(404);
  expect(started.takeCalls()).toEqual([]);
});

test.each(["/proxy/openai@evil.example/x", "/proxy/openai%2fx/y", "/proxy/openai:80/x", "/proxy/openai%00/x"])(
  "%s names no provider",
  async (target) => {
    expect(await statusOf(target)).toBe(400);
    expect(started.takeCalls()).toEqual([]);
  },
);

test("an error of the gateway's says what is wrong and repeats nothing of the path", async () => {
  const response = await started.send("GET", "/proxy/openai/a%2fmarker");
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({
    error: "Path is not allowed: it must not contain encoded slashes",
    code: "path_not_allowed",
  });
  expect(text).not.toContain("marker");
});
