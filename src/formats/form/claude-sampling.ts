import type { Sampling } from "./conversation.ts";
import type { ClaudeWriting } from "./claude-thinking.ts";

/** What is left of how a model is to choose its words. */
export type ClaudeSampling = Pick<Sampling, "temperature" | "topP" | "topK">;

/** At these values they change nothing, so that nothing is lost without them. */
const NEUTRAL = { temperature: 1, top_p: 1 } as const;

/**
 * What of it Claude takes, over whichever wire it is asked; the rest is noted.
 * @param isThinking the model thinks, so that little may be asked
 */
export function writeClaudeSampling(sampling: Sampling, isThinking: boolean, writing: ClaudeWriting): ClaudeSampling {
  noteUnknown(sampling, writing);
  const { facts } = writing.target;
  const { temperature, topP, topK } = sampling;
  const take = (name: "temperature" | "top_p" | "top_k", value: number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const isRival = name === "top_p" && facts.takesOneOfSampling === true && temperature !== undefined;
    // https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking, "Feature compatibility"
    const fitsThinking = name === "top_p" ? value >= 0.95 : name === "temperature" && value === 1;
    if (facts.takesSampling && !isRival && (!isThinking || fitsThinking)) return value;
    if (name === "top_k" || value !== NEUTRAL[name]) writing.note("dropped", name);
    return undefined;
  };
  const taken = take("temperature", temperature);
  const clamped = taken === undefined ? undefined : Math.min(Math.max(taken, 0), 1);
  if (clamped !== taken) writing.note("adjusted", "temperature");
  return { temperature: clamped, topP: take("top_p", topP), topK: take("top_k", topK) };
}

function noteUnknown({ seed, frequencyPenalty, presencePenalty, logitBias }: Sampling, writing: ClaudeWriting): void {
  if (seed !== undefined) writing.note("dropped", "seed");
  // A penalty of 0 is none.
  if (frequencyPenalty) writing.note("dropped", "frequency_penalty");
  if (presencePenalty) writing.note("dropped", "presence_penalty");
  if (logitBias && Object.keys(logitBias).length > 0) writing.note("dropped", "logit_bias");
}
