import { beforeAll, describe, expect, test } from "bun:test";
import { PROVIDER_TABLE } from "../../../src/providers/table.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { ProviderRow } from "../../../src/providers/provider-row.ts";
import type { Deployment } from "../../../src/routing/models/deployment.ts";
import type { PriceOptions } from "../../../src/routing/models/model-options.ts";
import { createPriceBook } from "../../../src/routing/prices/price-book.ts";
import { loadPriceList, type PriceList } from "../../../src/routing/prices/price-list.ts";
import { blendedPrice, createPrices } from "../../../src/routing/prices/prices.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const NOON = new Date("2026-10-01T12:00:00Z");

/** A provider as the gateway has it, as far as prices go by it. */
function provider(id: string, baseUrl?: string): Provider {
  const rows: Readonly<Record<string, ProviderRow>> = PROVIDER_TABLE;
  const row = rows[id];
  return {
    ...createProvider(id),
    baseUrl: baseUrl ?? row?.url ?? "http://127.0.0.1:8000/v1",
    ...(row?.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
  };
}

const deployment = (price?: PriceOptions): Deployment => ({
  ...{ key: "k", label: "openai/gpt-4o-mini", provider: createProvider("openai"), model: "gpt-4o-mini" },
  ...{ weight: 1, priority: 0, timeouts: {}, gates: [], price },
});

describe("the built-in list", () => {
  let list: PriceList;
  beforeAll(async () => {
    list = await loadPriceList();
  });

  test.each([
    ["openai", "gpt-4o-mini", 0.15, 0.6],
    ["openai", "gpt-4o-mini-2024-07-18", 0.15, 0.6],
    ["openai", "GPT-4o-mini", 0.15, 0.6],
    ["openai", "text-embedding-3-small", 0.02, 0],
    ["azure", "gpt-4o", 2.5, 10],
    ["bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", 3, 15],
    ["bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0", 3, 15],
    ["vertex", "claude-sonnet-4@20250514", 3, 15],
    ["google", "models/gemini-2.5-flash", 0.3, 2.5],
    ["groq", "llama-3.3-70b-versatile", 0.59, 0.79],
    ["moonshot", "kimi-k2-0711-preview", 0.6, 2.5],
    ["openrouter", "openai/gpt-4o-mini", 0.15, 0.6],
  ])("knows %s/%s", (id, name, input, output) => {
    expect(list.find(provider(id), name, NOON)).toMatchObject({ input, output });
  });

  test("says what long requests cost", () => {
    expect(list.find(provider("google"), "gemini-2.5-pro", NOON)).toEqual({
      ...{ input: 1.25, output: 10, cachedInput: 0.125 },
      tiers: [{ above: 200_000, input: 2.5, output: 15, cachedInput: 0.25 }],
    });
  });

  test("says what kinds of tokens, searches and requests cost", () => {
    expect(list.find(provider("anthropic"), "claude-haiku-4-5", NOON)).toEqual({
      ...{ input: 1, output: 5, cachedInput: 0.1, cacheWrite: 1.25, cacheWriteHour: 2, webSearches: 10 },
    });
    expect(list.find(provider("perplexity"), "sonar-pro", NOON)).toEqual({ input: 3, output: 15, request: 0.014 });
    expect(list.find(provider("google"), "gemini-2.5-flash", NOON)).toMatchObject({
      ...{ audioInput: 1, cachedAudioInput: 0.1 },
    });
  });

  test("knows of models that are cheaper at night", () => {
    const night = new Date("2026-10-01T20:00:00Z");
    expect(list.find(provider("deepseek"), "deepseek-chat", NOON)?.input).toBe(0.27);
    expect(list.find(provider("deepseek"), "deepseek-chat", night)?.input).toBe(0.135);
  });

  test("has the models of a further account, by its address", () => {
    const second = provider("openai-second", "https://api.openai.com/v1");
    expect(list.find(second, "gpt-4o-mini", NOON)).toMatchObject({ input: 0.15, output: 0.6 });
  });

  test.each([
    ["a model that nobody listed", "openai", undefined, "no-such-model"],
    ["a model that is not paid for by the token", "openai", undefined, "whisper-1"],
    ["a local server", "ollama", undefined, "llama3"],
    ["a server whose name only looks like a provider's", "my-openai", undefined, "gpt-4o-mini"],
    ["a server at an address of its own", "left", "http://10.0.0.5:8000/v1", "gpt-4o-mini"],
    ["a provider that is not in the list", "nebius", undefined, "gpt-4o-mini"],
  ])("does not know %s", (_, id, url, name) => {
    expect(list.find(provider(id, url), name, NOON)).toBeUndefined();
  });
});

describe("the price of a deployment", () => {
  const own = { input: 1, output: 2 };
  const listedPrice = { input: 3, output: 4 };
  const list: PriceList = { find: (_, name) => (name === "listed" ? listedPrice : undefined) };
  const prices = createPrices(createPriceBook({ named: [], list, clock: () => 0 }));

  test("is the operator's, else the list's, else not known", () => {
    expect(prices.priceOf(deployment(own), "listed")).toEqual(own);
    expect(prices.priceOf(deployment(), "listed")).toEqual(listedPrice);
    expect(prices.priceOf(deployment(), "other")).toBeUndefined();
  });

  test("is only the operator's if there is no list", () => {
    expect(createPrices(undefined).priceOf(deployment(own), "listed")).toEqual(own);
    expect(createPrices(undefined).priceOf(deployment(), "listed")).toBeUndefined();
  });

  test("is one figure for whoever compares", () => {
    expect(prices.costOf(deployment(own), "listed")).toBe(1.25);
    expect(prices.costOf(deployment(), "listed")).toBe(3.25);
    expect(prices.costOf(deployment(), "other")).toBeUndefined();
  });

  test("is compared as three tokens that go in for one that comes out", () => {
    expect(blendedPrice({ input: 1, output: 5 })).toBe(2);
    expect(blendedPrice({ input: 0, output: 0 })).toBe(0);
  });
});
