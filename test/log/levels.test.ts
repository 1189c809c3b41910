import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json, resetWithoutAnswer } from "../fixtures/answers.ts";
import { collectLogLines } from "../fixtures/log-lines.ts";
import { LineBuffer } from "../../src/telemetry/line-writer.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { Failure } from "../../src/core/errors.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { logRequest } from "../../src/telemetry/log-request.ts";
import { CHAT } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

describe("LOG_LEVEL=warn shows what failed", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await startBesideProvider((url) => ({
      ...threeProviders(url),
      LOG_LEVEL: "warn",
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: "own-key-0123456789",
    }));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const post = async (id: string, body: object, key = "own-key-0123456789"): Promise<number> => {
    const headers = { "x-request-id": id, authorization: `Bearer ${key}` };
    const response = await started.post("/v1/chat/completions", body, headers);
    await response.arrayBuffer();
    return response.status;
  };
  const lineOf = (id: string) => started.gateway.logged(({ request_id: of }) => of === id);

  test("a 502, a 400, a 401, and an error of the provider, each with its reason; and nothing that went well", async () => {
    started.answerWith(json(200, "{}"));
    expect(await post("good", CHAT)).toBe(200);
    started.answerWith(resetWithoutAnswer());
    expect(await post("reset", CHAT)).toBe(502);
    expect(await lineOf("reset")).toMatchObject({ level: "warn", outcome: "failed", failure: "upstream_reset" });
    expect(await post("bad", { model: "nobody/x", messages: [] })).toBe(400);
    expect(await lineOf("bad")).toMatchObject({ level: "warn", outcome: "failed" });
    expect(await post("stranger", CHAT, "wrong")).toBe(401);
    expect(await lineOf("stranger")).toMatchObject({ level: "warn", failure: "unauthorized" });
    started.answerWith(json(429, { error: { message: "slow down" } }));
    expect(await post("limited", CHAT)).toBe(429);
    expect(await lineOf("limited")).toMatchObject({ level: "warn", outcome: "answered", status: 429 });
    expect(started.gateway.log.filter(({ request_id: of }) => of === "good")).toEqual([]);
  });
});

test("levels by how a request ended", () => {
  const lines = collectLogLines();
  const buffer = new LineBuffer();
  const log = createLog({ level: "debug", environment: "lab" }, undefined, () => ({
    buffer,
    end: () => lines.write(buffer.take().toString()),
    dropped: () => 0,
    flush: async () => 0,
    defer: (write: () => void) => write,
    catchUp() {},
    lost: () => ({ info: 0, failures: 0 }),
  }));
  const requests = createInFlightRequests({
    observers: [logRequest(log, new Set(["/health"]))],
    now: () => 0,
    newId: () => "id",
  });
  const open = (route: string) => requests.open(new Request("http://x/"), route);
  open("/x").finish("answered");
  open("/health").finish("answered");
  for (const [route, code, outcome] of [
    ["/health", "invalid_request", "failed"],
    ["/x", "upstream_reset", "cut"],
    ["/x", "client_gone", "client_gone"],
    ["/x", "internal", "failed"],
    ["/x", "provider_error", "answered"],
  ] as const) {
    const context = open(route);
    context.failed(new Failure(code));
    context.finish(outcome);
  }
  expect(lines.lines.map(({ level }) => level)).toEqual(["info", "debug", "warn", "warn", "info", "error", "warn"]);
});

describe("LOG_CLIENT", () => {
  const ask = async (gateway: StartedGateway["gateway"], id: string, headers: Record<string, string>) => {
    await (await fetch(`${gateway.url}/nowhere`, { headers: { "x-request-id": id, ...headers } })).arrayBuffer();
    return gateway.logged(({ request_id: of }) => of === id);
  };

  test("writes address and user agent, and believes no header unless a proxy is trusted", async () => {
    await using started = await startBesideProvider((url) => ({ ...threeProviders(url), LOG_CLIENT: "true" }));
    const headers = { "user-agent": `own/1 ${"x".repeat(400)}`, "x-forwarded-for": "203.0.113.9" };
    const line = await ask(started.gateway, "one", headers);
    expect([line["client_address"], String(line["user_agent"]).length]).toEqual(["127.0.0.1", 256]);
    const trusting = { LOG_CLIENT: "true", SERVER_TRUSTED_PROXIES: "127.0.0.0/8" };
    await using behind = await startBesideProvider((url) => ({ ...threeProviders(url), ...trusting }));
    expect((await ask(behind.gateway, "two", headers))["client_address"]).toBe("203.0.113.9");
  });

  test("is off by default", async () => {
    await using started = await startBesideProvider();
    const line = await ask(started.gateway, "three", { "user-agent": "own/1" });
    expect([line["client_address"], line["user_agent"]]).toEqual([undefined, undefined]);
  });
});
