import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDollars } from "../../../src/core/picodollars.ts";
import type { TokenUsage } from "../../../src/core/request-context.ts";
import { PROVIDER_TABLE } from "../../../src/providers/table.ts";
import type { BuiltInProviderId } from "../../../src/providers/table.ts";
import type { PriceOptions } from "../../../src/routing/models/model-options.ts";
import { loadPriceList, type PriceList } from "../../../src/routing/prices/price-list.ts";
import { costOf, toTariff } from "../../../src/routing/prices/rates.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const NOON = new Date("2026-10-01T12:00:00Z");
const cost = (price: PriceOptions, usage: TokenUsage): string => formatDollars(costOf(toTariff(price), usage));

describe("by the prices that providers publish", () => {
  let list: PriceList;
  beforeAll(async () => {
    list = await loadPriceList();
  });

  // Worked out by hand, in dollars for a million tokens, from the providers' own pages.
  test.each<[string, BuiltInProviderId, string, TokenUsage, string]>([
    // 600 * 0.15 + 400 * 0.075 + 200 * 0.60
    [
      "cached tokens, a part of the input",
      "openai",
      "gpt-4o-mini",
      { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 200 },
      "0.00024",
    ],
    // 8 * 0.02
    ["an embedding", "openai", "text-embedding-3-small", { inputTokens: 8 }, "0.00000016"],
    // 10 * 1.25 + 90 * 10, reasoning is billed as output
    ["reasoning", "openai", "gpt-5.1", { inputTokens: 10, outputTokens: 90, reasoningTokens: 80 }, "0.0009125"],
    // 100 * 3 + 2000 * 0.30 + 1000 * 3.75 + 500 * 6 + 300 * 15, and two searches of 10 a thousand
    [
      "what is written to a cache for 5 minutes and for an hour, and searches",
      "anthropic",
      "claude-sonnet-4-5-20250929",
      {
        ...{ inputTokens: 3600, cachedInputTokens: 2000, cacheCreationInputTokens: 1500, cacheCreationHourTokens: 500 },
        ...{ outputTokens: 300, webSearches: 2 },
      },
      "0.03215",
    ],
    // 200,000 * 3 + 1000 * 15
    ["at a tier", "anthropic", "claude-sonnet-4-5", { inputTokens: 200_000, outputTokens: 1000 }, "0.615"],
    // 200,001 * 6 + 1000 * 22.50
    ["above it", "anthropic", "claude-sonnet-4-5", { inputTokens: 200_001, outputTokens: 1000 }, "1.222506"],
    // 150,000 * 6 + 60,000 * 0.60 + 10 * 22.50: what is cached counts for the tier
    [
      "above it with what is cached",
      "anthropic",
      "claude-sonnet-4-5",
      { inputTokens: 210_000, cachedInputTokens: 60_000, outputTokens: 10 },
      "0.936225",
    ],
    // 200,001 * 2.50 + 10 * 15
    ["Google's tiers", "google", "gemini-2.5-pro", { inputTokens: 200_001, outputTokens: 10 }, "0.5001525"],
    // 200 * 0.30 + 200 * 0.03 + 100 * 0.10 + 500 * 1.00 + 50 * 2.50
    [
      "sound, cached and not",
      "google",
      "gemini-2.5-flash",
      {
        ...{ inputTokens: 1000, cachedInputTokens: 300, inputAudioTokens: 600, cachedAudioTokens: 100 },
        outputTokens: 50,
      },
      "0.000701",
    ],
    // 7 * 0.30 + 1290 * 30 + 10 * 2.50
    [
      "a picture that the model made",
      "google",
      "gemini-2.5-flash-image",
      { inputTokens: 7, outputTokens: 1300, outputImageTokens: 1290 },
      "0.0387271",
    ],
    // 100 * 3 + 50 * 15, and 14 for a thousand requests
    ["requests", "perplexity", "sonar-pro", { inputTokens: 100, outputTokens: 50 }, "0.01505"],
    // 10 * 2.50 + 20 * 10 of what is billed
    [
      "what Cohere bills, and not what it counts",
      "cohere",
      "command-a-03-2025",
      { inputTokens: 500, outputTokens: 30, billedInputTokens: 10, billedOutputTokens: 20 },
      "0.000225",
    ],
    // 59 * 0.59 + 79 * 0.79
    ["Groq", "groq", "llama-3.3-70b-versatile", { inputTokens: 59, outputTokens: 79 }, "0.00009722"],
    // 70 * 0.27 + 30 * 0.07 + 10 * 1.10
    [
      "DeepSeek, by day",
      "deepseek",
      "deepseek-chat",
      { inputTokens: 100, cachedInputTokens: 30, outputTokens: 10 },
      "0.000032",
    ],
  ])("%s", (_, id, model, usage, dollars) => {
    const provider = { ...createProvider(id), baseUrl: PROVIDER_TABLE[id].url };
    const price = list.find(provider, model, NOON);
    expect(price && cost(price, usage)).toBe(dollars);
  });
});

describe("a price of the operator's", () => {
  const plain = { input: 2, output: 8 };

  test("bills what it does not tell apart as what it is a part of", () => {
    const usage = {
      ...{ inputTokens: 100, cachedInputTokens: 10, cacheCreationInputTokens: 20, cacheCreationHourTokens: 5 },
      ...{ inputAudioTokens: 30, cachedAudioTokens: 4, outputTokens: 50, reasoningTokens: 20, outputAudioTokens: 10 },
      ...{ outputImageTokens: 5, webSearches: 3 },
    };
    expect(cost(plain, usage)).toBe(cost(plain, { inputTokens: 100, outputTokens: 50 }));
    expect(cost({ ...plain, cacheWrite: 4 }, usage)).toBe("0.00064");
    expect(cost({ ...plain, cacheWrite: 4, cacheWriteHour: 0 }, usage)).toBe("0.00062");
    expect(cost({ ...plain, reasoning: 1, audioOutput: 2, imageOutput: 3 }, usage)).toBe("0.000375");
    expect(cost({ ...plain, webSearches: 5, request: 0.25 }, usage)).toBe("0.2656");
  });

  test("may be nothing at all", () => {
    expect(cost({ input: 0, output: 0 }, { inputTokens: 5, outputTokens: 5 })).toBe("0");
  });

  test("has tiers that say only what differs from the one before", () => {
    const tiers = [
      { above: 10, input: 3 },
      { above: 20, output: 9 },
    ];
    expect(cost({ ...plain, tiers }, { inputTokens: 10, outputTokens: 1 })).toBe("0.000028");
    expect(cost({ ...plain, tiers }, { inputTokens: 11, outputTokens: 1 })).toBe("0.000041");
    expect(cost({ ...plain, tiers }, { inputTokens: 21, outputTokens: 1 })).toBe("0.000072");
  });

  test("bills no part twice that is told as more than the whole", () => {
    const usage = {
      inputTokens: 10,
      cachedInputTokens: 50,
      cacheCreationInputTokens: 9,
      outputTokens: 4,
      reasoningTokens: 99,
    };
    expect(cost({ ...plain, cachedInput: 1, reasoning: 1 }, usage)).toBe("0.000014");
  });

  test.each([
    ["nothing", {}, "0"],
    ["negative numbers", { inputTokens: -5, outputTokens: -1 }, "0"],
    ["no numbers", { inputTokens: Number.NaN, outputTokens: Number.POSITIVE_INFINITY }, "72057594037.927928"],
    ["fractions", { inputTokens: 1.4, outputTokens: 0.6 }, "0.00001"],
  ])("takes %s for what it can be", (_, usage, dollars) => {
    expect(cost(plain, usage)).toBe(dollars);
  });
});

describe("arithmetic", () => {
  const price = fc.record({
    input: fc.integer({ min: 0, max: 100_000_000 }),
    output: fc.integer({ min: 0, max: 100_000_000 }),
    cachedInput: fc.integer({ min: 0, max: 100_000_000 }),
  });
  const tokens = fc.oneof(fc.nat(100_000), fc.integer({ min: 0, max: 2 ** 53 - 1 }));

  test("is exact to the picodollar, however large", () => {
    fc.assert(
      fc.property(price, tokens, tokens, tokens, (pico, input, cached, output) => {
        const dollars = {
          input: pico.input / 1e6,
          output: pico.output / 1e6,
          cachedInput: pico.cachedInput / 1e6,
        };
        const part = Math.min(cached, input);
        const exact =
          BigInt(input - part) * BigInt(pico.input) +
          BigInt(part) * BigInt(pico.cachedInput) +
          BigInt(output) * BigInt(pico.output);
        const usage = { inputTokens: input, cachedInputTokens: part, outputTokens: output };
        expect(costOf(toTariff(dollars), usage)).toBe(exact);
      }),
      propertyRuns(500),
    );
  });

  test("gives the same for a sum as for its parts, if there is no tier", () => {
    fc.assert(
      fc.property(price, fc.array(fc.tuple(fc.nat(1e6), fc.nat(1e6)), { maxLength: 50 }), (pico, calls) => {
        const tariff = toTariff({ input: pico.input / 1e6, output: pico.output / 1e6 });
        let sum = 0n;
        for (const [inputTokens, outputTokens] of calls) sum += costOf(tariff, { inputTokens, outputTokens });
        const all = {
          inputTokens: calls.reduce((total, [input]) => total + input, 0),
          outputTokens: calls.reduce((total, [, output]) => total + output, 0),
        };
        expect(sum).toBe(costOf(tariff, all));
      }),
      propertyRuns(200),
    );
  });

  test("is the same for a million requests of 0.1 micro-dollars as for one of 0.1 dollars", () => {
    const tariff = toTariff({ input: 0.1, output: 0 });
    let sum = 0n;
    for (let count = 0; count < 1_000_000; count++) sum += costOf(tariff, { inputTokens: 1 });
    expect(formatDollars(sum)).toBe("0.1");
  });
});
