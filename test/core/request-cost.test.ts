import { describe, expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { RequestContext, TokenUsage } from "../../src/core/request-context.ts";
import { subtractUsage } from "../../src/core/token-usage.ts";

/** A request whose every call of a model costs its input, and 1000 for the call itself. */
function open(prices?: (usage: TokenUsage) => bigint | null): RequestContext & { readonly asked: TokenUsage[] } {
  const asked: TokenUsage[] = [];
  const requests = createInFlightRequests({ observers: [], now: () => 0, newId: () => "id" });
  const generation = requests.beginGeneration((_, usage) => {
    asked.push(usage);
    return prices ? prices(usage) : BigInt(usage.inputTokens ?? 0) + 1000n;
  });
  const context = generation.open(new Request("http://gateway.test/"), "/v1/chat/completions");
  context.selected("openai", "m");
  context.called();
  return Object.assign(context, { asked });
}

describe("the cost of a request", () => {
  test("is computed once, when it is over or asked for before", () => {
    const context = open();
    context.used({ inputTokens: 5 });
    context.settle();
    expect(context.cost).toBe(1005n);
    context.settle();
    context.finish("answered");
    expect(context.cost).toBe(1005n);
    expect(context.asked).toHaveLength(1);
  });

  test("is at most what databases keep, whatever a provider tells", () => {
    const context = open(() => 2n ** 62n);
    for (const inputTokens of [1, 2, 3]) {
      context.used({ inputTokens });
      context.toolStep();
    }
    context.finish("answered");
    expect(context.cost).toBe(2n ** 63n - 1n);
  });

  test("is that of all calls of its model, each priced by what it used itself", () => {
    const context = open();
    context.used({ inputTokens: 100, outputTokens: 10 });
    context.toolStep();
    context.used({ inputTokens: 250, outputTokens: 30, cachedInputTokens: 90 });
    context.finish("answered");
    expect(context.asked).toEqual([
      { inputTokens: 100, outputTokens: 10 },
      { inputTokens: 150, outputTokens: 20, cachedInputTokens: 90 },
    ]);
    expect(context.cost).toBe(2250n);
    expect(context.usage).toMatchObject({ inputTokens: 250 });
  });

  test("is not known if one of them has no price that is known", () => {
    const context = open(({ inputTokens }) => (inputTokens === 1 ? null : 7n));
    context.used({ inputTokens: 1 });
    context.toolStep();
    context.used({ inputTokens: 3 });
    context.finish("answered");
    expect(context.cost).toBeNull();
  });

  test("leaves out what an attempt had used that failed", () => {
    const context = open();
    context.used({ inputTokens: 5, cachedInputTokens: 4 });
    context.settle();
    context.attemptFailed();
    context.used({ inputTokens: 2 });
    context.finish("answered");
    expect([context.cost, context.usage, context.usageSource]).toEqual([1002n, { inputTokens: 2 }, "provider"]);
  });

  test("is not there if nothing was used", () => {
    const context = open();
    context.finish("failed");
    expect([context.cost, context.usageSource, context.asked]).toEqual([undefined, "none", []]);
  });
});

describe("the source of usage", () => {
  test("is an estimate if a part of it is", () => {
    const context = open();
    context.used({ inputTokens: 5 });
    context.seemsToHaveUsed({ outputTokens: 3 });
    context.finish("cut");
    expect([context.usage, context.usageSource]).toEqual([{ inputTokens: 5, outputTokens: 3 }, "estimated"]);
  });
});

test("a difference of usage is never negative, and has what the sum has", () => {
  expect(subtractUsage({ inputTokens: 5, outputTokens: 1 }, { inputTokens: 7, reasoningTokens: 1 })).toEqual({
    inputTokens: 0,
    outputTokens: 1,
  });
  expect(subtractUsage({ inputTokens: 5 }, undefined)).toEqual({ inputTokens: 5 });
});
