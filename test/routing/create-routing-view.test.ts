import { expect, test } from "bun:test";
import { createRoutingView, type KnownGate, type KnownQueue } from "../../src/routing/create-routing-view.ts";
import type { KnownDeployment } from "../../src/routing/health/deployment-states.ts";
import { createRoutedModel } from "../fixtures/routed-model.ts";
import { createProvider } from "../upstream/open-upstream.ts";

const left = createProvider("left");
const openai = createProvider("openai");

function view(
  known: Readonly<Record<string, KnownDeployment>>,
  gates: readonly KnownGate[],
  queues: readonly KnownQueue[],
) {
  const fast = createRoutedModel(
    "fast",
    [
      [left, "qwen"],
      [openai, "gpt-4o"],
    ],
    { strategy: "priority", fallbacks: ["smart"] },
  );
  const [first, second] = fast.deployments;
  const deployments = [
    { ...first!, gates: ["deployment", "left"] },
    { ...second!, gates: ["gone"] },
  ];
  const models = [{ ...fast, deployments }, createRoutedModel("openai/*", [[openai, "*"]])];
  const describe = (key: string) =>
    known[models.flatMap((each) => each.deployments).find((one) => one.key === key)!.label];
  return createRoutingView({ models, describe, limits: () => ({ gates, queues }) }).models();
}

test("a deployment that was never asked is healthy and idle", () => {
  const [fast, star] = view({}, [], []);
  expect(fast).toEqual({
    name: "fast",
    strategy: "priority",
    fallbacks: ["smart"],
    queue: undefined,
    deployments: ["left/qwen", "openai/gpt-4o"].map((label, priority) => ({
      label,
      provider: label.split("/")[0]!,
      model: label.split("/")[1]!,
      weight: 1,
      priority,
      state: "closed",
      coolingUntil: undefined,
      why: undefined,
      inFlight: 0,
      consecutiveFailures: 0,
      timeToFirstTokenMs: undefined,
      requests: 0,
      attempts: 0,
      limits: [],
    })),
  });
  expect(star).toMatchObject({ name: "openai/*", deployments: [{ label: "openai/*", model: "*" }] });
});

test("what is known of deployments, gates and queues comes together", () => {
  const open = {
    state: "open",
    coolingUntil: 5,
    why: "503",
    inFlight: 1,
    failures: 3,
    ttftMs: 80,
    requests: 7,
    attempts: 9,
  };
  const closed = { state: "closed", why: "429", inFlight: 0, failures: 0, requests: 1, attempts: 1 };
  const [fast] = view(
    { "left/qwen": { ...open, state: "open" }, "openai/gpt-4o": { ...closed, state: "closed" } },
    [
      { key: "left", label: "left", limits: { maxInFlight: 4 }, inFlight: 2 },
      {
        key: "deployment",
        label: "left/qwen",
        limits: { requestsPerMinute: 60, tokensPerMinute: 9000 },
        inFlight: 1,
        requests: 12,
        tokens: 800,
      },
    ],
    [{ model: "fast", options: { length: 64 }, waiting: 3, longestWaitMs: 1200 }],
  );
  expect(fast?.queue).toEqual({ length: 64, waiting: 3, longestWaitMs: 1200 });
  expect(fast?.deployments).toMatchObject([
    {
      state: "open",
      coolingUntil: 5,
      why: "503",
      inFlight: 1,
      consecutiveFailures: 3,
      timeToFirstTokenMs: 80,
      requests: 7,
      attempts: 9,
      limits: [
        { limit: "requests_per_minute", of: "left/qwen", max: 60, used: 12 },
        { limit: "tokens_per_minute", of: "left/qwen", max: 9000, used: 800 },
        { limit: "max_in_flight", of: "left", max: 4, used: 2 },
      ],
    },
    { state: "closed", why: undefined, requests: 1, limits: [] },
  ]);
});
