import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json, resetWithoutAnswer } from "../fixtures/answers.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { Failure } from "../../src/core/errors.ts";
import type { RoutingRecord } from "../../src/core/attempt-summary.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createSampling, logRequest } from "../../src/telemetry/log-request.ts";
import { REQUEST_FIELDS } from "../../src/telemetry/request-fields.ts";
import { collectLogLines } from "../fixtures/log-lines.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { CHAT } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

const IN_EVERY_LINE = ["level", "time", "environment", "msg"];

function startWith(settings: Readonly<Record<string, string>>): Promise<StartedGateway> {
  return startBesideProvider((url) => ({ ...threeProviders(url), ...settings }));
}

describe("LOG_FIELDS", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await startWith({ LOG_FIELDS: "status, Request_ID,total_tokens,failure" });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test("chooses the members of a request's line, which keep their order", async () => {
    started.answerWith(json(200, '{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'));
    await (await started.post("/v1/chat/completions", CHAT, { "x-request-id": "well" })).arrayBuffer();
    const line = await started.gateway.logged(({ request_id: of }) => of === "well");
    expect(Object.keys(line)).toEqual([...IN_EVERY_LINE.slice(0, 3), "request_id", "status", "total_tokens", "msg"]);
    expect(line).toMatchObject({ status: 200, total_tokens: 3, msg: "request" });
  });

  test("of those that fail, too", async () => {
    started.answerWith(resetWithoutAnswer());
    await (await started.post("/v1/chat/completions", CHAT, { "x-request-id": "badly" })).arrayBuffer();
    const line = await started.gateway.logged(({ request_id: of }) => of === "badly");
    expect(Object.keys(line).sort()).toEqual([...IN_EVERY_LINE, "failure", "request_id", "status"].sort());
  });

  test("leaves other lines as they are", async () => {
    expect(started.gateway.log.find(({ msg }) => msg === "listening")).toHaveProperty("url");
  });
});

/** A log whose observer is given requests, and its lines. */
function observe(options: Parameters<typeof logRequest>[2], ids: readonly string[] = ["id"]) {
  const lines = collectLogLines();
  const log = createLog({ level: "debug", environment: "lab" }, { write: lines.write });
  const left = [...ids];
  const requests = createInFlightRequests({
    observers: [logRequest(log, new Set(["/health"]), options)],
    now: () => 0,
    newId: () => left.shift() ?? "id",
    beginTrace: () => TRACE,
  });
  const { open } = requests.beginGeneration(() => 1n);
  return { lines: lines.lines, open: (route = "/x") => open(new Request("http://x/"), route) };
}

const noStep = (): never => {
  throw new Error("nothing is called here");
};
const TRACE = {
  id: "0af7651916cd43dd8448eb211c80319c",
  sampledId: undefined,
  isRecorded: false,
  nextHeaders: () => "",
  call: noStep,
  tool: noStep,
};

const TRIED: RoutingRecord = {
  alias: "fast",
  tried: [
    { provider: "openai", model: "a", status: 500, why: "provider_error" },
    { provider: "groq", model: "b", status: 200 },
  ],
  queuedMs: 1.5,
};

test("every member that a line can have can be chosen, and no other", () => {
  const { lines, open } = observe({ fields: [], sample: 1 });
  const request = open();
  request.cameFrom({ address: "192.0.2.1", userAgent: "own/1" });
  request.admitted({ kind: "key", name: "alice" });
  request.selected("openai", "gpt-4o");
  request.called();
  request.routed(TRIED);
  request.responseHeader();
  request.firstByte();
  const parts = { cachedInputTokens: 1, cacheCreationInputTokens: 1, reasoningTokens: 1 };
  request.used({ inputTokens: 1, outputTokens: 2, totalTokens: 3, ...parts });
  request.toolsOffered();
  request.toolsCalled(1);
  request.failed(new Failure("upstream_reset", { cause: "ECONNRESET" }));
  request.finish("cut");
  const [line = {}] = lines;
  expect(Object.keys(line).filter((name) => !IN_EVERY_LINE.includes(name))).toEqual([...REQUEST_FIELDS]);
  for (const field of REQUEST_FIELDS) {
    const one = observe({ fields: [field], sample: 1 });
    const opened = one.open();
    opened.routed(TRIED);
    opened.finish("answered");
    for (const name of Object.keys(one.lines[0] ?? {})) expect([...IN_EVERY_LINE, field]).toContain(name);
  }
});

test("an unexpected error can be looked into whatever is chosen", () => {
  const { lines, open } = observe({ fields: ["status"], sample: 0 });
  const request = open();
  request.failed(new Failure("internal", { cause: new Error("oops") }));
  request.finish("failed");
  expect(lines).toEqual([
    expect.objectContaining({
      level: "error",
      request_id: "id",
      failure: "internal",
      cause: expect.stringContaining("oops"),
    }),
  ]);
  expect(lines[0]).not.toHaveProperty("route");
});

describe("LOG_SAMPLE", () => {
  const IDS = Array.from({ length: 4000 }, (_, index) => `request-${index}`);

  test.each([0, 0.1, 0.5])("%p writes that share of what went well, each with its rate, by its id alone", (sample) => {
    const write = (ids: readonly string[]): readonly unknown[] => {
      const { lines, open } = observe({ fields: [], sample }, ids);
      ids.forEach((_, index) => open(index % 2 === 0 ? "/x" : "/health").finish("answered"));
      for (const line of lines) expect(line["sample_rate"]).toBe(sample);
      return lines.map(({ request_id: id }) => id);
    };
    const written = write(IDS);
    expect(written.length).toBeWithin(IDS.length * (sample - 0.04), IDS.length * (sample + 0.04) + 1);
    expect(write([...IDS].reverse()).toReversed()).toEqual(written as unknown[]);
  });

  test("what is written at a low rate is also written at a higher one", () => {
    const rare = createSampling(0.01);
    const frequent = createSampling(0.2);
    for (const id of IDS) if (rare?.takes(id)) expect(frequent?.takes(id)).toBe(true);
    expect(createSampling(1)).toBeUndefined();
  });

  test("leaves out none that failed, broke off, or was left by its client", () => {
    const { lines, open } = observe({ fields: [], sample: 0 });
    for (const [code, outcome] of [
      ["invalid_request", "failed"],
      ["upstream_reset", "cut"],
      ["client_gone", "client_gone"],
      ["provider_error", "answered"],
    ] as const) {
      const request = open();
      request.failed(new Failure(code));
      request.finish(outcome);
    }
    open().finish("client_gone");
    open().finish("answered");
    expect(lines.map(({ outcome }) => outcome)).toEqual(["failed", "cut", "client_gone", "answered", "client_gone"]);
    for (const line of lines) expect(line).not.toHaveProperty("sample_rate");
  });

  test("is a setting", async () => {
    await using gateway = await startGateway({ LOG_SAMPLE: "0", LOG_LEVEL: "debug" });
    await (await fetch(`${gateway.url}/health`, { headers: { "x-request-id": "well" } })).arrayBuffer();
    await (await fetch(`${gateway.url}/nowhere`, { headers: { "x-request-id": "badly" } })).arrayBuffer();
    await gateway.logged(({ request_id: of }) => of === "badly");
    expect(gateway.log.filter(({ request_id: of }) => of === "well")).toEqual([]);
  });
});
