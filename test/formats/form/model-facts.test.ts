import { describe, expect, test } from "bun:test";
import { factsOf, type ModelFacts } from "../../../src/formats/form/model-facts.ts";

const OLD: Partial<ModelFacts> = { thinking: "none", takesSampling: true, takesOutputSchema: false };
const BUDGET: Partial<ModelFacts> = { thinking: "budget", takesSampling: true, takesOutputSchema: false };
const BUDGET_AND_SCHEMA: Partial<ModelFacts> = { thinking: "budget", takesSampling: true, takesOutputSchema: true };
const BOTH: Partial<ModelFacts> = { thinking: "adaptive", takesBudget: true, takesSampling: true };
const ADAPTIVE: Partial<ModelFacts> = { thinking: "adaptive", takesSampling: false, takesOutputSchema: true };

describe("what is known of a model", () => {
  test.each<[string, Partial<ModelFacts>]>([
    ["claude-3-haiku-20240307", { ...OLD, maxOutputTokens: 4096, defaultMaxTokens: 4096 }],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0", { ...OLD, maxOutputTokens: 8192 }],
    ["anthropic/claude-3.5-sonnet", OLD],
    ["claude-3-7-sonnet-latest", BUDGET],
    ["claude-sonnet-4-20250514", { ...BUDGET, maxOutputTokens: 64_000 }],
    ["claude-sonnet-4-0", BUDGET],
    ["claude-sonnet-4@20250514", BUDGET],
    ["us.anthropic.claude-sonnet-4-20250514-v1:0", BUDGET],
    ["anthropic/claude-sonnet-4", BUDGET],
    ["claude-opus-4.1", { ...BUDGET, maxOutputTokens: 32_000 }],
    ["claude-opus-4-1-20250805", { ...BUDGET, takesOneOfSampling: true }],
    ["Claude-Haiku-4-5-20251001", BUDGET_AND_SCHEMA],
    ["claude-opus-4-5", BUDGET_AND_SCHEMA],
    ["claude-sonnet-4-6", BOTH],
    ["claude-opus-4-7", ADAPTIVE],
    ["claude-opus-4-8", { ...ADAPTIVE, takesSystemTurns: true }],
    ["claude-sonnet-5-5", { ...ADAPTIVE, takesSystemTurns: true }],
    ["claude-mythos-5", { ...ADAPTIVE, alwaysThinks: true }],
    ["claude-of-next-year", ADAPTIVE],
    ["gpt-5.1", { thinking: "effort", takesSampling: false }],
    ["azure/o3", { thinking: "effort", takesSampling: false }],
    ["gpt-4o", { thinking: "none", takesSampling: true }],
    ["gemini-2.0-flash-lite", { thinking: "none", knowsSchemasInPart: true }],
    ["models/gemini-1.5-pro-002", { thinking: "none", knowsSchemasInPart: true }],
    ["gemini-2.5-flash-image", { thinking: "none" }],
    ["gemini-2.5-flash-lite", { thinking: "budget", budgets: { least: 512, most: 24_576 } }],
    ["google/gemini-2.5-flash", { thinking: "budget", budgets: { least: 1, most: 24_576 } }],
    ["gemini-2.5-pro", { thinking: "budget", alwaysThinks: true, budgets: { least: 128, most: 32_768 } }],
    ["gemini-3-pro-preview", { thinking: "effort", efforts: ["low", "high"], needsSignatures: true }],
    ["gemini-3.1-pro", { efforts: ["low", "medium", "high"], takesMediaInResults: true }],
    ["gemini-pro-latest", { efforts: ["low", "medium", "high"], needsSignatures: true }],
    ["gemini-flash-latest", { efforts: ["minimal", "low", "medium", "high"], needsSignatures: true }],
    ["gemma-3-27b-it", { thinking: "none", knowsSchemasInPart: true }],
    ["deepseek-chat", { thinking: "effort", takesSampling: true, takesOutputSchema: true }],
  ])("%s", (model, facts) => {
    expect(factsOf(model)).toMatchObject(facts);
  });

  test("4.7 has no turns of the system", () => {
    expect(factsOf("claude-opus-4-7").takesSystemTurns).toBeUndefined();
  });
});
