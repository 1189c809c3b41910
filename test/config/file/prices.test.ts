import { describe, expect, test } from "bun:test";
import { nextConfig } from "../../../src/config/next-config.ts";
import { showParts } from "../../../src/config/models/show-parts.ts";
import { configOf, problemsOf } from "./load-file.ts";

const PRICES = `prices:
  openai:
    gpt-4o: { input: 2.5, output: 10, cached_input: 1.25 }
    ft:*: { input: "\${FT_INPUT}", output: 0 }
  anthropic:
    "*":
      input: 3
      output: 15
      cached_input: 0.3
      cache_write: 3.75
      cache_write_1h: 6
      audio_input: 1
      cached_audio_input: 2
      reasoning: 3
      audio_output: 4
      image_output: 5
      web_searches: 10
      request: 0.001
      tiers:
        - { above: 200000, input: 6, output: 22.5 }
        - { above: 400000, cached_input: 1 }
`;

describe("prices", () => {
  test("are read with all that they may say", async () => {
    const { prices } = await configOf(PRICES, { FT_INPUT: "7.5" });
    expect(prices).toEqual([
      {
        ...{ name: "openai.gpt-4o", provider: "openai", model: "gpt-4o" },
        price: { input: 2.5, output: 10, cachedInput: 1.25 },
      },
      { name: "openai.ft:*", provider: "openai", model: "ft:*", price: { input: 7.5, output: 0 } },
      {
        ...{ name: "anthropic.*", provider: "anthropic", model: "*" },
        price: {
          ...{ input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWriteHour: 6, audioInput: 1 },
          ...{ cachedAudioInput: 2, reasoning: 3, audioOutput: 4, imageOutput: 5, webSearches: 10, request: 0.001 },
          tiers: [
            { above: 200_000, input: 6, output: 22.5 },
            { above: 400_000, cachedInput: 1 },
          ],
        },
      },
    ]);
  });

  test("are shown with where they come from", async () => {
    const { writtenParts } = await configOf("prices: { openai: { gpt-4o: { input: 2.5, output: 10 } } }");
    const shown = showParts(writtenParts).map((line) => line.replace(/ {2}# .*/, ""));
    expect(shown).toEqual(["prices.openai.gpt-4o.input=2.5", "prices.openai.gpt-4o.output=10"]);
  });

  test("may be small, in any notation of numbers", async () => {
    const text = `prices: { openai: { m: { input: 0.000001, output: 1.5e-6, web_searches: 1e-9, request: "\${FEE}" } } }`;
    const { prices, writtenParts } = await configOf(text, { FEE: "1e-12" });
    expect(prices[0]?.price).toEqual({ input: 1e-6, output: 1.5e-6, webSearches: 1e-9, request: 1e-12 });
    const shown = showParts(writtenParts).map((line) => line.replace(/ {2}# .*/, ""));
    expect(shown).toEqual([
      "prices.openai.m.input=0.000001",
      "prices.openai.m.output=0.0000015",
      "prices.openai.m.web_searches=0.000000001",
      "prices.openai.m.request=0.000000000001",
    ]);
  });

  test("are named one by one if they change", async () => {
    const before = await configOf(PRICES, { FT_INPUT: "1" });
    const after = await configOf(PRICES, { FT_INPUT: "2" });
    expect(nextConfig(before, after).changed).toEqual(["prices.openai.ft:*"]);
  });

  test.each([
    [
      "prices: { opena: { m: { input: 1, output: 1 } } }",
      "F:1:20: prices.opena.m is for no provider (did you mean openai?): expected the id of a provider that is built in, or is in providers",
    ],
    [
      "prices: { openai: { a*b*: { input: 1, output: 1 } } }",
      "F:1:21: prices.openai.a*b* has more than one *: expected a name with one * at most",
    ],
    [
      "prices: { openai: { m: { input: 1 } } }",
      "F:1:24: prices.openai.m.output is not there: expected 0, or a number from 0.000001 to 1000000",
    ],
    [
      "prices: { openai: { m: { input: -1, output: 1 } } }",
      "F:1:33: prices.openai.m.input is not accepted: expected 0, or a number from 0.000001 to 1000000, found a number",
    ],
    [
      // What a token costs, where what a million of them cost is to be: it would be nothing.
      "prices: { openai: { m: { input: 0.0000001, output: 1 } } }",
      'F:1:33: prices.openai.m.input="0.0000001" is not accepted: expected 0, or a number from 0.000001 to 1000000',
    ],
    [
      "prices: { openai: { m: { input: 1, output: 1, request: 1e-13 } } }",
      'F:1:56: prices.openai.m.request="0.0000000000001" is not accepted: expected 0, or a number from 0.000000000001 to 1000',
    ],
    [
      "prices: { openai: { m: { input: 1, output: 1, cached: 1 } } }",
      "F:1:47: prices.openai.m.cached is not known: expected one of input, output, cached_input, cache_write, cache_write_1h, audio_input, cached_audio_input, reasoning, audio_output, image_output, web_searches, request, tiers",
    ],
    [
      "prices: { openai: { m: { input: 1, output: 1, tiers: [{ above: 9 }, { above: 9, input: 2 }] } } }",
      "F:1:78: prices.openai.m.tiers[1].above is not above the tier before: expected a larger number",
    ],
    [
      "prices: { openai: 5 }",
      "F:1:19: prices.openai is not accepted: expected names of models, each with what it costs, found a number",
    ],
  ])("that are wrong are told: %s", async (text, problem) => {
    expect(await problemsOf(text)).toEqual([problem]);
  });

  test("of a deployment have tiers in order, too", async () => {
    const text = `models:
  m:
    deployments:
      - { provider: groq, model: x, price: { input: 1, output: 1, tiers: [{ above: 9 }, { above: 8 }] } }`;
    expect(await problemsOf(text, { GROQ_API_KEY: "k" })).toEqual([
      "F:4:98: models.m.deployments[0].price.tiers[1].above is not above the tier before: expected a larger number",
    ]);
  });
});
