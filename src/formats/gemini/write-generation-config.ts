import type { Conversation, OutputFormat, Sampling } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { describedSchema } from "../form/described-schema.ts";
import { cleanSchema } from "./clean-schema.ts";
import { writeThinking } from "./write-thinking.ts";
import type { WireObject, Writing } from "./writing.ts";

const MAX_STOP_TEXTS = 5;

/**
 * Writes `generationConfig`; undefined if it says nothing. https://ai.google.dev/api/generate-content#GenerationConfig
 * @throws CannotTranslate for what changes the answer and cannot be said
 */
export function writeGenerationConfig(conversation: Conversation, writing: Writing): WireObject | undefined {
  const { limits, sampling, output } = conversation;
  // The form of answers has room for one answer, and none for the probabilities of its tokens.
  if ((limits.answers ?? 1) > 1) throw new CannotTranslate("n", "only one of its answers would come back");
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "they are not translated from its API");
  const stop = limits.stop.filter((text) => text !== "");
  if (stop.length > MAX_STOP_TEXTS) throw new CannotTranslate("stop", `its API takes ${MAX_STOP_TEXTS} stop texts`);
  const config = withoutUndefined({
    maxOutputTokens: limits.maxOutputTokens,
    stopSequences: stop.length > 0 ? stop : undefined,
    ...writeSampling(sampling, writing),
    ...writeOutput(output, writing),
    thinkingConfig: writeThinking(conversation, writing),
  });
  return Object.keys(config).length > 0 ? config : undefined;
}

function writeSampling(sampling: Sampling, writing: Writing): WireObject {
  const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty, logitBias } = sampling;
  if (logitBias && Object.keys(logitBias).length > 0) writing.note("dropped", "logit_bias");
  const clamped = temperature === undefined ? undefined : Math.min(Math.max(temperature, 0), 2);
  if (clamped !== temperature) writing.note("adjusted", "temperature");
  return {
    temperature: clamped,
    topP,
    topK,
    seed: fitSeed(seed, writing),
    // None is the default, and not all models take even that.
    presencePenalty: presencePenalty === 0 ? undefined : presencePenalty,
    frequencyPenalty: frequencyPenalty === 0 ? undefined : frequencyPenalty,
  };
}

/** A seed must be an integer of 32 bits, and clients have longer ones: the same one is always the same. */
function fitSeed(seed: number | undefined, writing: Writing): number | undefined {
  if (seed === undefined || seed === (seed | 0)) return seed;
  writing.note("adjusted", "seed");
  return Math.trunc(seed % 2 ** 31);
}

/** https://ai.google.dev/gemini-api/docs/structured-output */
function writeOutput(output: OutputFormat | undefined, writing: Writing): WireObject {
  if (!output) return {};
  const json = { responseMimeType: "application/json" };
  if (output.kind === "json") return json;
  const described = describedSchema(output);
  if (!writing.target.facts.knowsSchemasInPart) return { ...json, responseJsonSchema: described };
  const { schema, isExact } = cleanSchema(described, "response_format", writing.schemas);
  if (!isExact) writing.note("adjusted", "response_format");
  return { ...json, responseSchema: schema };
}
