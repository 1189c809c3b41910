import type { Effort } from "./conversation.ts";

const LOW_TO_HIGH: readonly Effort[] = ["low", "medium", "high"];
const LOW_TO_XHIGH: readonly Effort[] = [...LOW_TO_HIGH, "xhigh"];

/** It thinks, and refuses temperature and top_p while it does. */
const THINKER = { thinking: "effort", takesSampling: false } as const;

/** Those that cannot be told not to think. */
const ALWAYS = { ...THINKER, alwaysThinks: true } as const;

/** From 5.1 on: effort `none` is not to think at all, and there `minimal` is refused. */
const RESTING = { ...THINKER, takesSamplingUnthinking: true } as const;

/**
 * What is known of OpenAI's models by their names, spelled as `factsOf` does; the first that matches counts.
 * https://developers.openai.com/api/docs/guides/reasoning, .../api/docs/models, .../guides/prompt-caching and
 * https://learn.microsoft.com/en-us/azure/foundry/openai/how-to/reasoning
 */
export const OPENAI_FAMILY = {
  family: /gpt|(?:^|[/.:]|openai-)(?:o\d|codex)/,
  models: [
    { pattern: /gpt-oss/, thinking: "effort", alwaysThinks: true, efforts: LOW_TO_HIGH },
    { pattern: /gpt-5-chat/, thinking: "none" },
    { pattern: /gpt-5-\d-chat/, ...ALWAYS, efforts: ["medium"] },
    { pattern: /gpt-5-pro/, ...ALWAYS, efforts: ["high"] },
    { pattern: /gpt-5-(?:1-)?codex(?!-max)/, ...ALWAYS, efforts: LOW_TO_HIGH },
    { pattern: /gpt-5-[2-9]-pro/, ...ALWAYS, efforts: ["medium", "high", "xhigh"] },
    { pattern: /gpt-5-[1-5]-codex/, ...ALWAYS, efforts: LOW_TO_XHIGH },
    { pattern: /gpt-5-1(?!\d)/, ...RESTING, restsUnlessAsked: true, efforts: LOW_TO_HIGH },
    { pattern: /gpt-5-[2-5](?!\d)/, ...RESTING, restsUnlessAsked: true, efforts: LOW_TO_XHIGH },
    { pattern: /gpt-5(?!-\d(?!\d))/, ...ALWAYS, efforts: ["minimal", ...LOW_TO_HIGH] },
    {
      pattern: /gpt-(?:[5-9]|[12]\d)/,
      ...RESTING,
      efforts: [...LOW_TO_XHIGH, "max"],
      takesCacheBreakpoints: true,
    },
    { pattern: /(?:^|[/.:]|openai-)o\d-(?:mini-)?deep-research/, ...ALWAYS, efforts: ["medium"] },
    { pattern: /(?:^|[/.:]|openai-)o1-(?:mini|preview)/, ...ALWAYS, thinking: "switch" },
    { pattern: /(?:^|[/.:]|openai-)(?:o\d(?![a-z\d])|codex-mini)/, ...ALWAYS, efforts: LOW_TO_HIGH },
    { pattern: /chatgpt-4|gpt-[34]/, thinking: "none" },
  ],
} as const;
