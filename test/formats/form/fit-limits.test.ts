import { describe, expect, test } from "bun:test";
import { writeRequest as writeCohere } from "../../../src/formats/cohere/write-request.ts";
import { writeRequest as writeConverse } from "../../../src/formats/converse/write-request.ts";
import type { WireTarget } from "../../../src/formats/form/dialect.ts";
import { writeRequest as writeGemini } from "../../../src/formats/gemini/write-request.ts";
import { writeRequest as writeMessages } from "../../../src/formats/messages/write-request.ts";
import { conversation, target } from "../messages/conversations.ts";

describe("more than the model can say becomes the most that it can", () => {
  const limits = { maxOutputTokens: 100_000, stop: [], answers: undefined };
  const limited = (model: string, provider?: string): WireTarget => {
    const to = target(model, provider);
    return { ...to, facts: { ...to.facts, maxOutputTokens: 8192 } };
  };

  test.each([
    ["messages", writeMessages, limited("claude-3-5-haiku-latest"), { max_tokens: 8192 }],
    [
      "converse",
      writeConverse,
      limited("us.amazon.nova-pro-v1:0", "bedrock"),
      { inferenceConfig: { maxTokens: 8192 } },
    ],
    ["generate", writeGemini, limited("gemini-2.0-flash", "google"), { generationConfig: { maxOutputTokens: 8192 } }],
    ["cohere", writeCohere, limited("command-a", "cohere"), { max_tokens: 8192 }],
  ] as const)("on %s", (_, write, to, written) => {
    expect(write(conversation({ limits }), to)).toMatchObject({
      body: written,
      notes: [{ kind: "adjusted", member: "max_tokens" }],
    });
    const { maxOutputTokens: _most, ...unknown } = to.facts;
    expect(write(conversation({ limits }), { ...to, facts: unknown }).notes).toEqual([]);
  });

  test("before a budget of thoughts is fitted into it", () => {
    const reasoning = { effort: undefined, budget: 20_000, isAdaptive: false, isShown: undefined };
    const claude = limited("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock");
    expect(writeConverse(conversation({ limits, reasoning }), claude).body).toMatchObject({
      inferenceConfig: { maxTokens: 8192 },
      additionalModelRequestFields: { thinking: { budget_tokens: 7168 } },
    });
    const gemini = limited("gemini-2.5-flash", "google");
    expect(writeGemini(conversation({ limits, reasoning }), gemini).body).toMatchObject({
      generationConfig: { maxOutputTokens: 8192, thinkingConfig: { thinkingBudget: 7168 } },
    });
  });
});
