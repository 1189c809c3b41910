import { Value } from "@sinclair/typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RequestContext } from "../../src/core/request-context.ts";
import type { DeploymentView, ModelView, RoutingView } from "../../src/routing/routing-view.ts";
import { showRouting } from "../../src/server/handlers/routing.ts";
import { RoutingResponse } from "../../src/server/routing-schema.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import "../fixtures/schema-formats.ts";

const CONTEXT = { id: "exchange-1", sent(_: number) {} } as RequestContext;

const HEALTHY: DeploymentView = {
  label: "left/qwen",
  provider: "left",
  model: "qwen",
  weight: 3,
  priority: 0,
  state: "closed",
  coolingUntil: undefined,
  why: undefined,
  inFlight: 2,
  consecutiveFailures: 0,
  timeToFirstTokenMs: undefined,
  requests: 17,
  attempts: 21,
  limits: [{ limit: "max_in_flight", of: "left", max: 4, used: 2 }],
};
const COOLING: DeploymentView = {
  ...HEALTHY,
  label: "openai/gpt-4o-mini#2",
  provider: "openai",
  model: "gpt-4o-mini",
  state: "open",
  coolingUntil: Date.UTC(2026, 10, 30, 8),
  why: "429",
  consecutiveFailures: 3,
  timeToFirstTokenMs: 412.6,
  limits: [],
};
const FAST: ModelView = {
  name: "fast",
  strategy: "priority",
  fallbacks: ["smart"],
  deployments: [HEALTHY, COOLING],
  queue: { length: 64, waiting: 1, longestWaitMs: 20.4 },
};

async function show(view: RoutingView | undefined, worker?: { readonly number: number }) {
  const response = await showRouting(view, worker)(CONTEXT, new Request("http://gateway/v1/routing"));
  const answer: unknown = await response.json();
  expect([response.status, [...Value.Errors(RoutingResponse, answer)]]).toEqual([200, []]);
  return answer;
}

describe("the state of routing", () => {
  test("has every model with its deployments, limits and queue", async () => {
    const left = {
      label: "left/qwen",
      provider: "left",
      model: "qwen",
      weight: 3,
      priority: 0,
      state: "closed",
      cooling_until: null,
      why: null,
      in_flight: 2,
      consecutive_failures: 0,
      time_to_first_token_ms: null,
      requests: 17,
      attempts: 21,
      limits: [{ limit: "max_in_flight", of: "left", max: 4, used: 2 }],
    };
    const openai = {
      ...left,
      label: "openai/gpt-4o-mini#2",
      provider: "openai",
      model: "gpt-4o-mini",
      state: "open",
      cooling_until: "2026-11-30T08:00:00.000Z",
      why: "429",
      consecutive_failures: 3,
      time_to_first_token_ms: 413,
      limits: [],
    };
    expect(await show({ models: () => [FAST, { ...FAST, name: "openai/*", queue: undefined }] })).toEqual({
      object: "list",
      data: [
        {
          name: "fast",
          strategy: "priority",
          fallbacks: ["smart"],
          deployments: [left, openai],
          queue: { length: 64, waiting: 1, longest_wait_ms: 20 },
        },
        { name: "openai/*", strategy: "priority", fallbacks: ["smart"], deployments: [left, openai], queue: null },
      ],
    });
  });

  test("says which worker answers, if there are several", async () => {
    expect(await show(undefined, { number: 2 })).toEqual({ object: "list", data: [], worker: 2 });
    expect(await show(undefined)).toEqual({ object: "list", data: [] });
  });

  test("shows nothing else of what an object holds", async () => {
    const deployment = { ...HEALTHY, key: "sk-secret", provider: "left", baseUrl: "http://10.0.0.5" };
    const text = JSON.stringify(await show({ models: () => [{ ...FAST, deployments: [deployment] }] }));
    expect(text).not.toContain("sk-secret");
    expect(text).not.toContain("10.0.0.5");
  });

  test("takes any moment until which a provider wants to be left alone", async () => {
    const view = { models: () => [{ ...FAST, deployments: [{ ...COOLING, coolingUntil: Infinity }] }] };
    expect(await show(view)).toMatchObject({
      data: [{ deployments: [{ cooling_until: "+275760-09-13T00:00:00.000Z" }] }],
    });
  });
});

describe("GET /v1/routing", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ AUTH_ENABLED: "true", AUTH_API_KEYS: "own-key-0123456789" });
  });
  afterAll(() => gateway.stop());

  const ask = (authorization?: string, method = "GET"): Promise<Response> =>
    fetch(`${gateway.url}/v1/routing`, { method, headers: authorization ? { authorization } : {} });

  test("needs a credential, as every other route", async () => {
    expect((await ask()).status).toBe(401);
    expect((await ask("Bearer wrong")).status).toBe(401);
    const answer = await ask("Bearer own-key-0123456789");
    expect([answer.status, await answer.json()]).toEqual([200, { object: "list", data: [] }]);
  });

  test("is asked for by GET alone", async () => {
    const answer = await ask("Bearer own-key-0123456789", "POST");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});
