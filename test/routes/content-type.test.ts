import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { POST_ROUTES, type PostRoute, SMALLEST } from "./requests.ts";
import { type StartedGateway, startBesideProvider } from "./started-gateway.ts";

let started: StartedGateway;
let authenticating: RunningGateway;

beforeAll(async () => {
  [started, authenticating] = await Promise.all([
    startBesideProvider(),
    startGateway({ AUTH_ENABLED: "true", AUTH_API_KEYS: "ci:a-key-for-tests" }),
  ]);
});
beforeEach(() => started.takeCalls());
afterAll(() => Promise.all([started[Symbol.asyncDispose](), authenticating.stop()]));

/** Sends the smallest good body with exactly this `Content-Type`, or with none. */
async function post(port: number, route: PostRoute, type: string | undefined, more: Record<string, string> = {}) {
  await using client = await openRawClient(port);
  const headers = { ...(type !== undefined && { "content-type": type }), ...more };
  await client.request("POST", route, { headers, body: JSON.stringify(SMALLEST[route]) });
  const { status } = await client.head();
  const { text } = await client.body();
  return { status, text };
}

const JSON_TYPES = [
  undefined,
  "",
  "application/json",
  "Application/JSON",
  "application/json; charset=utf-8",
  "application/json;charset=UTF-8",
  "application/json ; profile=x",
  "text/json",
  "application/vnd.api+json",
  "application/problem+json; charset=utf-8",
];

const OTHER_TYPES = [
  "application/x-www-form-urlencoded",
  "Application/X-WWW-Form-Urlencoded; charset=utf-8",
  "multipart/form-data; boundary=x",
  "text/plain",
  "text/plain;charset=UTF-8",
  "text/plain; application/json",
  "text/plain, application/json",
  "application/json, text/plain",
  "application/jsonl",
  "application/octet-stream",
  "application/xml",
  "text/html+json+x",
  "json",
  "/json",
  "*/*",
];

describe.each(POST_ROUTES)("%s", (route) => {
  test.each(JSON_TYPES)("takes a body announced as %p", async (type) => {
    expect((await post(started.gateway.port, route, type)).status).toBe(200);
    expect(started.takeCalls()).toHaveLength(1);
  });

  test.each(OTHER_TYPES)("refuses one announced as %p with 415", async (type) => {
    const { status, text } = await post(started.gateway.port, route, type);
    expect([status, text]).toEqual([415, expect.stringContaining("Send the header Content-Type: application/json")]);
    expect(started.takeCalls()).toEqual([]);
  });

  test("refuses a form with authentication on, too, once it knows who asks", async () => {
    const { port } = authenticating;
    expect((await post(port, route, "text/plain")).status).toBe(401);
    const credential = { authorization: "Bearer a-key-for-tests" };
    expect((await post(port, route, "text/plain", credential)).status).toBe(415);
  });
});

test("a newcomer's curl -d is told what to add", async () => {
  const { text } = await post(started.gateway.port, "/v1/chat/completions", "application/x-www-form-urlencoded");
  expect(JSON.parse(text)).toMatchObject({
    error:
      "The body must be JSON, but the request announces application/x-www-form-urlencoded, as curl -d does by itself. Send the header Content-Type: application/json",
    type: "invalid_request_error",
    code: "unsupported_media_type",
  });
});

test("/proxy takes a body of any type", async () => {
  await using client = await openRawClient(started.gateway.port);
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  await client.request("POST", "/proxy/openai/v1/files", { headers, body: "--x--" });
  expect((await client.head()).status).toBe(200);
});
