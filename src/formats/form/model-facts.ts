import type { Effort } from "./conversation.ts";
import { OPEN_FAMILIES } from "./open-models.ts";
import { OPENAI_FAMILY } from "./openai-models.ts";

/** What cannot be seen on a wire and must be known of a model to write a request for it. */
export interface ModelFacts {
  /** Longest output in tokens that is asked for if the client did not say and the wire needs a number. */
  readonly defaultMaxTokens: number;
  /** More tokens of output are refused; undefined if it is not known. */
  readonly maxOutputTokens?: number | undefined;
  /** How it is told to think; `switch`: only whether to, and not even that if it always thinks. `none`: it cannot think. */
  readonly thinking: "effort" | "budget" | "adaptive" | "switch" | "none";
  /** Takes a budget although it is told to think in another way. */
  readonly takesBudget?: boolean | undefined;
  /** The fewest and the most tokens of a budget; undefined if that is not known. */
  readonly budgets?: { readonly least: number; readonly most: number } | undefined;
  /** Cannot be told not to think. */
  readonly alwaysThinks?: boolean | undefined;
  /** Does not think unless it is told to. */
  readonly restsUnlessAsked?: boolean | undefined;
  /** The efforts that it knows, lowest first, `none` aside; undefined if that is all of them. */
  readonly efforts?: readonly Effort[] | undefined;
  /** Takes temperature, top_p and top_k. */
  readonly takesSampling: boolean;
  /** Takes them only if it is told not to think. */
  readonly takesSamplingUnthinking?: boolean | undefined;
  /** Takes temperature or top_p, but not both. */
  readonly takesOneOfSampling?: boolean | undefined;
  /** Takes a JSON schema of its output. */
  readonly takesOutputSchema: boolean;
  /** Takes marks of where its prompt is to be cached, on wires whose providers else cache by themselves. */
  readonly takesCacheBreakpoints?: boolean | undefined;
  /** Takes turns of the system between those of the user and the assistant, on a wire on which not all models do. */
  readonly takesSystemTurns?: boolean | undefined;
  /** Knows only some words of JSON Schema, on a wire on which newer models know them all. */
  readonly knowsSchemasInPart?: boolean | undefined;
  /** Takes pictures and documents within the results of calls, on a wire on which not all models do. */
  readonly takesMediaInResults?: boolean | undefined;
  /** Goes on with an answer that the last turn begins, on a wire on which not all models do. */
  readonly takesPrefill?: boolean | undefined;
  /** Refuses calls of its own that come back without their signature. */
  readonly needsSignatures?: boolean | undefined;
}

/** Gemini before it could think. */
const GEMINI_EARLY: Partial<ModelFacts> = { thinking: "none", maxOutputTokens: 8192, knowsSchemasInPart: true };

/** Gemini 2.5. */
const GEMINI_BUDGET: Partial<ModelFacts> = { thinking: "budget", maxOutputTokens: 65_536 };

/** Gemini from 3 on, which calls an effort a level. */
const GEMINI: Partial<ModelFacts> = {
  thinking: "effort",
  alwaysThinks: true,
  maxOutputTokens: 65_536,
  takesMediaInResults: true,
  needsSignatures: true,
};

interface FactsRow extends Partial<ModelFacts> {
  readonly pattern: RegExp;
}

/** The newest behaviour, which models that nobody knows yet most probably have. */
const NEWEST: ModelFacts = { defaultMaxTokens: 8192, thinking: "effort", takesSampling: true, takesOutputSchema: true };

/** Claude before it had a schema of its output. */
const EARLY: Partial<ModelFacts> = { thinking: "none", takesOutputSchema: false, takesPrefill: true };

/** Claude from the first that could think up to 4.1. */
const BUDGET: Partial<ModelFacts> = { thinking: "budget", takesOutputSchema: false, takesPrefill: true };

/** Claude from 4.7 on. */
const ADAPTIVE: Partial<ModelFacts> = {
  thinking: "adaptive",
  takesSampling: false,
  maxOutputTokens: 128_000,
  efforts: ["low", "medium", "high", "xhigh", "max"],
};

/**
 * By model name, the first that matches counts. Names are in lower case with `-` for `.`, `@` and `_`, as the clouds that
 * resell a model spell it each in a way of their own: `claude-3.7-sonnet`, `claude-sonnet-4@20250514`, `glm-4p6`.
 * Claude: https://docs.anthropic.com/en/docs/about-claude/models/overview, .../build-with-claude/extended-thinking,
 * .../effort, .../structured-outputs and, of what 4.6 does not take any more, .../models/migration-guide
 * Gemini: https://ai.google.dev/gemini-api/docs/thinking, .../thought-signatures and .../function-calling
 */
const FACTS: readonly FactsRow[] = [
  {
    pattern: /claude-(?:v?2|instant|3-(?:opus|sonnet|haiku))/,
    ...EARLY,
    defaultMaxTokens: 4096,
    maxOutputTokens: 4096,
  },
  { pattern: /claude-3-5/, ...EARLY, maxOutputTokens: 8192 },
  { pattern: /claude-3-7/, ...BUDGET, maxOutputTokens: 64_000 },
  { pattern: /claude-opus-4-1(?!\d)/, ...BUDGET, maxOutputTokens: 32_000, takesOneOfSampling: true },
  { pattern: /claude-opus-4(?:-0)?(?:-\d{6,8}|[^-\d]|-(?!\d)|$)/, ...BUDGET, maxOutputTokens: 32_000 },
  { pattern: /claude-sonnet-4(?:-0)?(?:-\d{6,8}|[^-\d]|-(?!\d)|$)/, ...BUDGET, maxOutputTokens: 64_000 },
  {
    pattern: /claude-opus-4-5(?!\d)/,
    thinking: "budget",
    maxOutputTokens: 64_000,
    efforts: ["low", "medium", "high"],
    takesOneOfSampling: true,
    takesPrefill: true,
  },
  {
    pattern: /claude-(?:sonnet|haiku)-4-5(?!\d)/,
    thinking: "budget",
    maxOutputTokens: 64_000,
    takesOneOfSampling: true,
    takesPrefill: true,
  },
  {
    pattern: /claude-(?:opus|sonnet|haiku)-4-6(?!\d)/,
    thinking: "adaptive",
    takesBudget: true,
    maxOutputTokens: 64_000,
    efforts: ["low", "medium", "high", "max"],
    takesOneOfSampling: true,
  },
  { pattern: /claude-(?:opus|sonnet|haiku)-4-7(?!\d)/, ...ADAPTIVE },
  { pattern: /claude-(?:fable|mythos)/, ...ADAPTIVE, alwaysThinks: true, takesSystemTurns: true },
  { pattern: /claude/, ...ADAPTIVE, takesSystemTurns: true },
  { pattern: /gemini-(?:1|2-0)(?!\d)/, ...GEMINI_EARLY },
  { pattern: /gemini-2-5-flash-(?:image|preview-tts)/, ...GEMINI_BUDGET, thinking: "none" },
  { pattern: /gemini-2-5-flash-lite/, ...GEMINI_BUDGET, budgets: { least: 512, most: 24_576 } },
  { pattern: /gemini-2-5-flash/, ...GEMINI_BUDGET, budgets: { least: 1, most: 24_576 } },
  { pattern: /gemini-2-5/, ...GEMINI_BUDGET, alwaysThinks: true, budgets: { least: 128, most: 32_768 } },
  { pattern: /gemini-3-pro/, ...GEMINI, efforts: ["low", "high"] },
  { pattern: /gemini-(?:[\d-]+-)?pro/, ...GEMINI, efforts: ["low", "medium", "high"] },
  { pattern: /gemini/, ...GEMINI, efforts: ["minimal", "low", "medium", "high"] },
  { pattern: /gemma-?[123](?!\d)/, thinking: "none", knowsSchemasInPart: true },
];

const FAMILIES: readonly { readonly family: RegExp; readonly models: readonly FactsRow[] }[] = [
  OPENAI_FAMILY,
  ...OPEN_FAMILIES,
];

/** No model has a longer name; what is before that is where it comes from. */
const MAX_NAME_CHARACTERS = 200;

/**
 * @param model as the provider is asked for it, in any case and with any prefix
 * @param defaultMaxTokens for models that take so much
 */
export function factsOf(model: string, defaultMaxTokens: number = NEWEST.defaultMaxTokens): ModelFacts {
  const name = model
    .slice(-MAX_NAME_CHARACTERS)
    .toLowerCase()
    .replace(/[.@_]/g, "-")
    .replace(/(?<=\d)p(?=\d)/g, "-");
  const matches = ({ pattern }: FactsRow): boolean => pattern.test(name);
  const row = FACTS.find(matches) ?? FAMILIES.find(({ family }) => family.test(name))?.models.find(matches);
  const { pattern: _, ...facts } = row ?? { pattern: /$/ };
  const known = { ...NEWEST, defaultMaxTokens, ...facts };
  const { maxOutputTokens = Infinity } = known;
  return { ...known, defaultMaxTokens: Math.min(known.defaultMaxTokens, defaultMaxTokens, maxOutputTokens) };
}
