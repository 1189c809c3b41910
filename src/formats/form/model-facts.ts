/** What cannot be seen on a wire and must be known of a model to write a request for it. */
export interface ModelFacts {
  /** Longest output in tokens that is asked for if the client did not say and the wire needs a number. */
  readonly defaultMaxTokens: number;
  /** How it is told to think. */
  readonly thinking: "effort" | "budget" | "adaptive" | "none";
  /** Takes temperature, top_p and top_k. */
  readonly takesSampling: boolean;
  /** Takes a JSON schema of its output. */
  readonly takesOutputSchema: boolean;
}

interface FactsRow extends Partial<ModelFacts> {
  readonly pattern: RegExp;
}

/** The newest behaviour, which models that nobody knows yet most probably have. */
const NEWEST: ModelFacts = { defaultMaxTokens: 8192, thinking: "effort", takesSampling: true, takesOutputSchema: true };

/**
 * By model name, the first that matches counts.
 * Claude: https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking and .../structured-outputs
 * OpenAI: https://platform.openai.com/docs/guides/reasoning
 */
const FACTS: readonly FactsRow[] = [
  {
    pattern: /claude-(?:3|2|instant)|claude-(?:opus|sonnet)-4(?:-[01])?(?:-20\d{6})?$/,
    thinking: "budget",
    takesOutputSchema: false,
  },
  { pattern: /claude-(?:opus|sonnet|haiku)-4-5/, thinking: "budget" },
  { pattern: /claude-(?:opus|sonnet|haiku)-4-6/, thinking: "adaptive" },
  { pattern: /claude/, thinking: "adaptive", takesSampling: false },
  { pattern: /^(?:openai\/)?(?:o\d|gpt-5)/, takesSampling: false },
  { pattern: /^(?:openai\/)?(?:chat)?gpt-(?:3|4)/, thinking: "none" },
];

/** @param model as the provider is asked for it, in any case and with any prefix */
export function factsOf(model: string): ModelFacts {
  const name = model.toLowerCase();
  const { pattern: _, ...facts } = FACTS.find(({ pattern }) => pattern.test(name)) ?? { pattern: /$/ };
  return { ...NEWEST, ...facts };
}
