import { describe, expect, test } from "bun:test";
import { toTokenUsage as fromForm } from "../../src/formats/form/token-usage.ts";
import { readUsage as readConverse } from "../../src/formats/converse/usage.ts";
import { readUsage as readCohere } from "../../src/formats/cohere/usage.ts";
import { readUsageMetadata } from "../../src/formats/gemini/usage.ts";
import { joinUsage } from "../../src/core/token-usage.ts";
import { saysUsage, toTokenUsage } from "../../src/formats/usage.ts";

describe("a usage object", () => {
  test.each<[string, Record<string, unknown>, object | undefined]>([
    [
      "of OpenAI's chat, whose cached tokens are a part of the input",
      {
        ...{ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
        prompt_tokens_details: { cached_tokens: 40, audio_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 5 },
      },
      {
        ...{ inputTokens: 100, outputTokens: 50, totalTokens: 150, cachedInputTokens: 40, inputAudioTokens: 10 },
        ...{ reasoningTokens: 20, outputAudioTokens: 5 },
      },
    ],
    [
      "of Anthropic, whose cached tokens are beside it",
      {
        ...{ input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 30, output_tokens: 5 },
        cache_creation: { ephemeral_5m_input_tokens: 25, ephemeral_1h_input_tokens: 5 },
        ...{ server_tool_use: { web_search_requests: 2 }, output_tokens_details: { thinking_tokens: 3 } },
      },
      {
        ...{ inputTokens: 60, outputTokens: 5, cachedInputTokens: 20, cacheCreationInputTokens: 30 },
        ...{ cacheCreationHourTokens: 5, reasoningTokens: 3, webSearches: 2 },
      },
    ],
    [
      "of OpenAI's Responses, which has its own words for it",
      {
        ...{ input_tokens: 10, input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 }, output_tokens: 7 },
        ...{ output_tokens_details: { reasoning_tokens: 6 }, total_tokens: 17 },
      },
      {
        ...{ inputTokens: 10, outputTokens: 7, totalTokens: 17, cachedInputTokens: 4, cacheCreationInputTokens: 3 },
        reasoningTokens: 6,
      },
    ],
    [
      "of Claude in a chat completion, where it is a part",
      { prompt_tokens: 9, completion_tokens: 5, cache_read_input_tokens: 3, cache_creation_input_tokens: 4 },
      { inputTokens: 9, outputTokens: 5, cachedInputTokens: 3, cacheCreationInputTokens: 4 },
    ],
    ["of DeepSeek", { prompt_tokens: 9, completion_tokens: 5, prompt_cache_hit_tokens: 3 }, { cachedInputTokens: 3 }],
    ["of Mistral", { prompt_tokens: 9, completion_tokens: 5, num_cached_tokens: 3 }, { cachedInputTokens: 3 }],
    [
      "of xAI, which leaves reasoning out of the output",
      {
        ...{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 35 },
        completion_tokens_details: { reasoning_tokens: 20 },
      },
      { inputTokens: 10, outputTokens: 25, reasoningTokens: 20, totalTokens: 35 },
    ],
    [
      "of Perplexity, with its searches",
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14, num_search_queries: 3 },
      { webSearches: 3 },
    ],
    ["of an embedding", { prompt_tokens: 8, total_tokens: 8 }, { inputTokens: 8, totalTokens: 8 }],
    ["that says null", { prompt_tokens: null, completion_tokens: null }, undefined],
    ["that says nothing of tokens", { cost: 1 }, undefined],
  ])("%s", (_, usage, told) => {
    if (told) expect(toTokenUsage(usage)).toMatchObject(told);
    else expect(toTokenUsage(usage)).toBeUndefined();
  });

  test("has nothing that was not said", () => {
    const zeros = { cached_tokens: 0, audio_tokens: 0 };
    expect(toTokenUsage({ prompt_tokens: 1, completion_tokens: 2, prompt_tokens_details: zeros })).toEqual({
      ...{ inputTokens: 1, outputTokens: 2, cachedInputTokens: 0 },
    });
  });

  test("of Google, with sound and pictures", () => {
    const usageMetadata = {
      ...{ promptTokenCount: 100, cachedContentTokenCount: 30, candidatesTokenCount: 1310, thoughtsTokenCount: 7 },
      ...{ toolUsePromptTokenCount: 5, totalTokenCount: 1422 },
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 60 },
        { modality: "AUDIO", tokenCount: 40 },
      ],
      cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 10 }],
      candidatesTokensDetails: [
        { modality: "IMAGE", tokenCount: 1290 },
        { modality: "AUDIO", tokenCount: 4 },
      ],
    };
    expect(readUsageMetadata(Buffer.from(JSON.stringify({ candidates: [], usageMetadata })))).toEqual({
      ...{ inputTokens: 105, outputTokens: 1317, totalTokens: 1422, cachedInputTokens: 30, reasoningTokens: 7 },
      ...{ inputAudioTokens: 40, cachedAudioTokens: 10, outputAudioTokens: 4, outputImageTokens: 1290 },
    });
  });

  test("of Bedrock, whose cached tokens are beside the input, too", () => {
    const usage = readConverse({
      ...{ inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 20, cacheWriteInputTokens: 30 },
      cacheDetails: [
        { ttl: "5m", inputTokens: 25 },
        { ttl: "1h", inputTokens: 5 },
      ],
    });
    expect(usage && fromForm(usage)).toEqual({
      ...{ inputTokens: 60, outputTokens: 5, cachedInputTokens: 20, cacheCreationInputTokens: 30 },
      cacheCreationHourTokens: 5,
    });
  });

  test("of Cohere, with what it bills", () => {
    const usage = readCohere({
      ...{ tokens: { input_tokens: 500, output_tokens: 30 }, billed_units: { input_tokens: 10, output_tokens: 20 } },
    });
    expect(usage && fromForm(usage)).toEqual({
      ...{ inputTokens: 500, outputTokens: 30, billedInputTokens: 10, billedOutputTokens: 20 },
    });
  });
});

describe("the two ends of a stream", () => {
  const start = { inputTokens: 60, cachedInputTokens: 20, cacheCreationInputTokens: 30, outputTokens: 1 };
  test.each([
    ["only the output", { outputTokens: 9 }, { ...start, outputTokens: 9 }],
    ["all again", { ...start, outputTokens: 9 }, { ...start, outputTokens: 9 }],
    ["the input without what was cached", { inputTokens: 10, outputTokens: 9 }, { ...start, outputTokens: 9 }],
    ["nothing", undefined, start],
  ])("are one usage if the end says %s", (_, end, joined) => {
    expect(joinUsage(start, end)).toEqual(joined);
  });

  test("are what the end says if the beginning said nothing", () => {
    expect(joinUsage(undefined, { outputTokens: 2 })).toEqual({ outputTokens: 2 });
    expect(joinUsage(undefined, undefined)).toBeUndefined();
  });
});

test("usage of 0 says nothing", () => {
  expect([saysUsage(undefined), saysUsage({ inputTokens: 0, outputTokens: 0 })]).toEqual([false, false]);
  expect([saysUsage({ inputTokens: 1 }), saysUsage({ outputTokens: 1 })]).toEqual([true, true]);
});

describe("what is no count of tokens is not said", () => {
  const CACHED = { cached_tokens: -1 };
  test.each([[-5], [1e300], ["12"], [null], [true]])("%p", (wrong) => {
    for (const usage of [
      { prompt_tokens: wrong, completion_tokens: wrong, total_tokens: wrong },
      { input_tokens: wrong, output_tokens: wrong },
    ]) {
      expect(toTokenUsage(usage)).toBeUndefined();
      expect(toTokenUsage({ ...usage, prompt_tokens: 7, prompt_tokens_details: CACHED })).toEqual({ inputTokens: 7 });
    }
    expect(readConverse({ inputTokens: wrong, outputTokens: wrong })).toBeUndefined();
    expect(readConverse({ inputTokens: 3, outputTokens: wrong })).toMatchObject({ input: 3, output: 0 });
    expect(readCohere({ tokens: { input_tokens: wrong, output_tokens: wrong } })).toBeUndefined();
  });
});
