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

/** What programs announce by themselves: `curl -d` (as the API reference has it) and `wget` the first, `fetch` with a string the second. */
const USUAL_TYPES = [
  "application/x-www-form-urlencoded",
  "Application/X-WWW-Form-Urlencoded; charset=utf-8",
  "text/plain",
  "text/plain;charset=UTF-8",
];

/** What browsers say of a page's requests, of the gateway's own pages, too. */
const OF_A_PAGE: Record<string, string>[] = [{ origin: "http://localhost" }, { "sec-fetch-site": "same-origin" }];

const OTHER_TYPES = [
  "multipart/form-data; boundary=x",
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

  test.each(USUAL_TYPES)(
    "takes JSON that a program announced as %p by itself, and sends it on as JSON",
    async (type) => {
      expect((await post(started.gateway.port, route, type)).status).toBe(200);
      expect(started.takeCall().header("content-type")).toBe("application/json");
    },
  );

  test.each(USUAL_TYPES)("refuses %p from a page, which may send it without asking first", async (type) => {
    const { port } = started.gateway;
    for (const headers of OF_A_PAGE) expect((await post(port, route, type, headers)).status).toBe(415);
    expect(started.takeCalls()).toEqual([]);
  });

  test("refuses a form with authentication on, too, once it knows who asks", async () => {
    const { port } = authenticating;
    const origin = "http://localhost";
    expect((await post(port, route, "text/plain", { origin })).status).toBe(401);
    const credential = { authorization: "Bearer a-key-for-tests" };
    expect((await post(port, route, "text/plain", { origin, ...credential })).status).toBe(415);
  });
});

test("a page's form is told what to announce", async () => {
  const { text } = await post(
    started.gateway.port,
    "/v1/chat/completions",
    "application/x-www-form-urlencoded",
    OF_A_PAGE[0],
  );
  expect(JSON.parse(text)).toMatchObject({
    error:
      "The body must be JSON, but the request announces application/x-www-form-urlencoded, as forms do. Send the header Content-Type: application/json",
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
