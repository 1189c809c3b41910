import { describe, expect, test } from "bun:test";
import { modelFor, type Route } from "../../../src/routing/models/routed-model.ts";
import type { DeploymentOptions, ModelOptions, ProviderRouting } from "../../../src/routing/models/model-options.ts";
import { createModelTable } from "../../../src/routing/models/model-table.ts";
import { loadProviders } from "../../fixtures/load-providers.ts";

const providerOf = (id: string, key?: string) => {
  const name = id.toUpperCase();
  const environment = { [`${name}_API_URL`]: "http://127.0.0.1:9/v1", ...(key && { [`${name}_API_KEY`]: key }) };
  const provider = loadProviders(environment, [id]).providers.find((one) => one.id === id);
  if (!provider) throw new Error(`no ${id}`);
  return provider;
};

const deployment = (provider: string, model: string, more: Partial<DeploymentOptions> = {}): DeploymentOptions => ({
  ...{ provider, model, weight: 1, priority: 0 },
  ...more,
});

const model = (name: string, deployments: readonly DeploymentOptions[], more: Partial<ModelOptions> = {}) => ({
  ...{ name, deployments, strategy: "round_robin" as const, fallbacks: [], contextFallbacks: [], contentFallbacks: [] },
  retries: { attempts: 3, on: new Set<never>(), repeatsSent: true, backoffMs: 250, maxBackoffMs: 5000 },
  cooldown: { failures: 3, rate: 0.5, forMs: 30_000, maxMs: 600_000, slowStartMs: 0, whenAll: "try" as const },
  ...{ timeouts: {}, limits: {}, resumes: false },
  ...more,
});

const one = providerOf("one", "sk-first-key");
const keys = [one, providerOf("one", "sk-second-key")];
const left = providerOf("left");

function tableOf(
  models: readonly ModelOptions[],
  providerRoutings: readonly ProviderRouting[] = [],
  plainModels: readonly ModelOptions[] = [],
) {
  const keyedProviders = new Map([["one", keys]]);
  return createModelTable({ providers: [one, left], keyedProviders, providerRoutings, models, plainModels });
}

describe("a deployment", () => {
  test("is one for each key of its provider, which share its weight", () => {
    const options = [deployment("one", "m", { weight: 3, priority: 1 }), deployment("left", "l", { priority: 2 })];
    const deployments = tableOf([model("fast", options)]).find("fast")?.model.deployments ?? [];
    expect(deployments.map(({ label, weight, priority }) => [label, weight, priority])).toEqual([
      ["one/m", 1.5, 1],
      ["one/m#2", 1.5, 1],
      ["left/l", 1, 2],
    ]);
    expect(deployments.map(({ provider }) => provider.key)).toEqual(["sk-first-key", "sk-second-key", undefined]);
    expect(new Set(deployments.map(({ key }) => key)).size).toBe(3);
    for (const { key } of deployments) expect(key).not.toMatch(/sk-|first|second/);
  });

  test("may be one key only, and has the same state under every name", () => {
    const table = tableOf([
      model("second", [deployment("one", "m", { key: 1 })]),
      model("all", [deployment("one", "m")]),
    ]);
    const [second] = table.find("second")?.model.deployments ?? [];
    expect(second).toMatchObject({ label: "one/m#2", weight: 1 });
    expect(table.find("all")?.model.deployments[1]?.key).toBe(second?.key ?? "");
  });

  test("waits as long as the narrowest rule says", () => {
    const options = deployment("left", "l", { timeouts: { idleMs: 1 } });
    const routing = { id: "left", limits: {}, timeouts: { connectMs: 3, firstTokenMs: 3, idleMs: 3 } };
    const table = tableOf([model("fast", [options], { timeouts: { firstTokenMs: 2, idleMs: 2 } })], [routing]);
    expect(table.find("fast")?.model.deployments[0]?.timeouts).toEqual({
      ...{ connectMs: 3, firstTokenMs: 2, idleMs: 1 },
      saidBy: {
        connectMs: "timeouts.connect of provider left",
        firstTokenMs: "timeouts.first_token of model fast",
        idleMs: "timeouts.idle of deployment left/l of model fast",
      },
    });
  });
});

describe("a name", () => {
  const table = tableOf(
    ["fast", "fast-*", "*", "fast-*-mini", "*-mini", "o/*", "one/*"].map((name) =>
      model(name, [deployment("left", "*")]),
    ),
  );
  const means = (name: string): readonly unknown[] => {
    const route: Route | undefined = table.find(name);
    const [first] = route?.model.deployments ?? [];
    return route && first ? [route.model.options.name, modelFor(first, route.star)] : [];
  };

  test.each([
    ["fast", "fast", ""],
    ["fast-", "*", "fast-"],
    ["fast-a", "fast-*", "a"],
    ["fast-a-mini", "fast-*-mini", "a"],
    ["fast--mini", "fast-*", "-mini"],
    ["a-mini", "*-mini", "a"],
    ["o/a/b", "o/*", "a/b"],
    ["FAST", "*", "FAST"],
    // As everywhere, the id of a provider may be written with capital letters; nothing else may.
    ["ONE/a", "one/*", "a"],
    ["One/A/b", "one/*", "A/b"],
    ["O/a", "*", "O/a"],
  ])("%s is that of %s, with %j", (name, expected, star) => expect(means(name)).toEqual([expected, star]));

  test("without a * is listed, in the operator's order", () => {
    expect(table.models.map(({ options }) => options.name)).toEqual(["fast"]);
    expect(table.all).toHaveLength(7);
    expect(table.find("")).toBeUndefined();
  });
});

test("provider/model is not taken by a wildcard that does not begin with that provider, if it can be called", () => {
  const all = [model("*", [deployment("left", "*")]), model("*-mini", [deployment("left", "*")])];
  const { find } = tableOf([...all, model("one/*", [deployment("left", "*")])]);
  expect(find("left/m")).toBeUndefined();
  expect(find("Left/m-mini")).toBeUndefined();
  expect(find("one/m")?.model.options.name).toBe("one/*");
  // Nobody of that name can be called.
  expect(find("openai/m")?.model.options.name).toBe("*");
  expect(find("m")?.model.options.name).toBe("*");
});

test("provider/model is routed only at providers with several keys, or limits", () => {
  const table = tableOf([], [], [model("one/*", [deployment("one", "*")])]);
  const route = table.forProvider("one", "m");
  expect([route?.star, route?.model.deployments.map(({ label }) => label)]).toEqual(["m", ["one/*", "one/*#2"]]);
  expect(table.forProvider("left", "m")).toBeUndefined();
  expect(table.find("one/m")).toBeUndefined();
});

describe("gates", () => {
  const routing = { id: "one", limits: { maxInFlight: 9, requestsPerMinute: 60 }, timeouts: {} };
  const limits = { maxInFlight: 4, tokensPerMinute: 1000 };
  const table = tableOf([model("fast", [deployment("one", "m")], { limits })], [routing]);
  const [first, second] = table.find("fast")?.model.deployments ?? [];

  test("are entered from the narrowest to the widest", () => {
    const rules = first?.gates.map((gate) => table.gates.get(gate));
    expect(rules).toEqual([
      expect.objectContaining({ label: "fast at one/m", bounds: "minute", limits: { tokensPerMinute: 1000 } }),
      expect.objectContaining({ label: "fast at one/m", bounds: "in_flight", limits: { maxInFlight: 4 } }),
      expect.objectContaining({ label: "one", bounds: "minute", limits: { requestsPerMinute: 60 } }),
      expect.objectContaining({ label: "one", bounds: "in_flight", limits: { maxInFlight: 9 } }),
    ]);
  });

  test("of a minute are for each key, those of what is in flight for all of them", () => {
    const shared = first?.gates.filter((gate) => second?.gates.includes(gate)) ?? [];
    expect(shared.map((gate) => table.gates.get(gate)?.bounds)).toEqual(["in_flight", "in_flight"]);
    for (const gate of table.gates.keys()) expect(gate).not.toMatch(/sk-|first-key|second-key/);
  });

  test("are not there if nothing is bounded, or the deployment says so", () => {
    const unbounded = deployment("left", "l", { limits: {} });
    expect(tableOf([model("fast", [unbounded], { limits })]).gates.size).toBe(0);
  });
});
