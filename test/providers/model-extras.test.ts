import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decimalText } from "../../src/providers/decimal-text.ts";
import { readExtras } from "../../src/providers/model-extras.ts";

describe("prices", () => {
  test.each<[object, object | undefined]>([
    // OpenRouter, Nebius
    [
      { pricing: { prompt: "0.0000025", completion: "0.00001", input_cache_read: "0.00000125", request: "0" } },
      { input_per_token: "0.0000025", output_per_token: "0.00001", cache_read_per_token: "0.00000125" },
    ],
    // Its free models, and its router, whose price depends on what answers
    [{ pricing: { prompt: "0", completion: "0" } }, { input_per_token: "0", output_per_token: "0" }],
    [{ pricing: { prompt: "-1", completion: "-1" } }, undefined],
    // Vercel
    [
      { pricing: { input: "2.5e-7", output: "0.0000020", input_cache_write: "3e-7" } },
      { input_per_token: "0.00000025", output_per_token: "0.000002", cache_write_per_token: "0.0000003" },
    ],
    // Together: for a million
    [
      { pricing: { hourly: 0, input: 0.88, output: 0.0005, base: 0, finetune: 0 } },
      { input_per_token: "0.00000088", output_per_token: "0.0000000005" },
    ],
    // DeepInfra
    [
      { metadata: { pricing: { input_tokens: 0.1, output_tokens: 3, cache_read_tokens: 0.05 } } },
      { input_per_token: "0.0000001", output_per_token: "0.000003", cache_read_per_token: "0.00000005" },
    ],
    // LiteLLM
    [
      { model_info: { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7, input_tokens: 9 } },
      { input_per_token: "0.00000015", output_per_token: "0.0000006" },
    ],
    [{ input_cost_per_token: 0.000001 }, { input_per_token: "0.000001" }],
    // Another gateway of this kind
    [
      { pricing: { currency: "EUR", input_per_token: "0.1", output_per_token: "0.2", source: "community" } },
      { currency: "EUR", input_per_token: "0.1", output_per_token: "0.2" },
    ],
    // No prices
    [{ input: 1, output: 4096, prompt: 5, input_tokens: 200_000 }, undefined],
    [{ pricing: { image: "0.1" } }, undefined],
    [{ pricing: "free" }, undefined],
    [{ pricing: [1, 2] }, undefined],
    [{ pricing: { prompt: "$3", completion: { usd: 1 } } }, undefined],
    [{ pricing: { prompt: "9".repeat(5000) } }, undefined],
    [{ pricing: { prompt: null, completion: true } }, undefined],
  ])("of %j are %j", (entry, prices) => {
    expect(readExtras({ ...entry }).pricing).toEqual(prices && ({ currency: "USD", ...prices } as never));
  });
});

describe("modalities", () => {
  test.each<[object, [input: string[], output: string[]] | undefined]>([
    [
      { architecture: { input_modalities: ["image", "text", "file"], output_modalities: ["text"] } },
      [["text", "image"], ["text"]],
    ],
    [{ modalities: { input: ["text", "audio"], output: ["audio"] } }, [["text", "audio"], ["audio"]]],
    // Bedrock
    [{ inputModalities: ["TEXT", "IMAGE"], outputModalities: ["EMBEDDING"] }, [["text", "image"], []]],
    // GitHub Models
    [{ supported_input_modalities: ["text"], supported_output_modalities: ["text"] }, [["text"], ["text"]]],
    // Mistral
    [{ capabilities: { completion_chat: true, vision: true, audio: false } }, [["text", "image"], ["text"]]],
    [{ capabilities: { completion_chat: false, vision: false } }, undefined],
    // Anthropic
    [{ capabilities: { image_input: { supported: true }, batch: { supported: true } } }, [["text", "image"], ["text"]]],
    // Moonshot
    [{ supports_image_in: false, supports_video_in: true }, [["text", "video"], ["text"]]],
    [{ capabilities: ["tool_use"] }, undefined],
    [{ modalities: ["text"] }, undefined],
    [{ modalities: "text" }, undefined],
    [{ architecture: { input_modalities: [1, null, {}], output_modalities: "text" } }, undefined],
    [{}, undefined],
  ])("of %j are %j", (entry, lists) => {
    expect(readExtras({ ...entry }).modalities).toEqual(lists && ({ input: lists[0], output: lists[1] } as never));
  });
});

describe("decimals", () => {
  test.each<[unknown, number, string | undefined]>([
    [2.5, -6, "0.0000025"],
    [0, -6, "0"],
    ["007.50", 0, "7.5"],
    ["1e3", 0, "1000"],
    ["1.25E+1", 0, "12.5"],
    [1e-7, 0, "0.0000001"],
    [1e21, 0, "1000000000000000000000"],
    ["1", 2, "100"],
    ["0.05", 2, "5"],
    ["-1", 0, undefined],
    ["1e999", 0, undefined],
    ["1e", 0, undefined],
    [" 1", 0, undefined],
    [NaN, 0, undefined],
    [Infinity, 0, undefined],
    [null, 0, undefined],
  ])("%p with its point %i places on is %p", (value, places, text) => {
    expect(decimalText(value, places)).toBe(text as string);
  });

  test("are exact, and written without an exponent", () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 30n });
    fc.assert(
      fc.property(digits, fc.integer({ min: -20, max: 20 }), (value, places) => {
        const text = decimalText(String(value), places) ?? "";
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
        const [whole = "", fraction = ""] = text.split(".");
        const scaled = BigInt(whole + fraction.padEnd(40, "0"));
        expect(scaled).toBe(value * 10n ** BigInt(40 + places));
      }),
    );
  });
});
