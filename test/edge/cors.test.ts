import { afterAll, beforeAll, expect, test } from "bun:test";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

const ORIGIN = "https://app.example.com";
const AUTH = { AUTH_ENABLED: "true", AUTH_API_KEYS: "ci:a-key-for-tests" };
const CREDENTIAL = { authorization: "Bearer a-key-for-tests" };

let open: RunningGateway;
let closed: RunningGateway;

beforeAll(async () => {
  [open, closed] = await Promise.all([startGateway({ ...AUTH, SERVER_CORS_ORIGINS: ORIGIN }), startGateway(AUTH)]);
});
afterAll(() => Promise.all([open.stop(), closed.stop()]));

const preflight = (gateway: RunningGateway, origin: string): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, content-type",
    },
  });

test("a preflight of an allowed origin is answered before any credential is asked for", async () => {
  const response = await preflight(open, ORIGIN);
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(response.headers.get("access-control-allow-methods")).toBe("POST");
  expect(response.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
  expect(response.headers.get("vary")?.split(", ").sort()).toEqual([
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Origin",
  ]);
  expect(response.headers.get("x-request-id")).not.toBeNull();
});

test("a preflight of another origin, or if CORS is off, gets no permission", async () => {
  for (const response of [await preflight(open, "https://evil.example"), await preflight(closed, ORIGIN)]) {
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
});

test("answers and errors are readable for the allowed origin only", async () => {
  const read = (gateway: RunningGateway, origin: string, headers: Record<string, string>): Promise<Response> =>
    fetch(`${gateway.url}/v1/models`, { headers: { origin, ...headers } });
  const answer = await read(open, ORIGIN, CREDENTIAL);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  const exposed = answer.headers.get("access-control-expose-headers")?.split(", ");
  expect(exposed).toContain("x-request-id");
  expect(exposed).toEqual(expect.arrayContaining(["x-selected-provider", "x-selected-model", "x-attempts"]));
  expect(exposed).toEqual([...new Set(exposed)]);
  expect(answer.headers.get("vary")).toBe("Origin");
  const refused = await read(open, ORIGIN, {});
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect((await read(open, "https://evil.example", CREDENTIAL)).headers.get("access-control-allow-origin")).toBeNull();
  expect((await read(closed, ORIGIN, CREDENTIAL)).headers.get("access-control-allow-origin")).toBeNull();
});
