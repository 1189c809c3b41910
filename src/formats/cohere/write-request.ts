import type { JsonObject } from "../../core/json/parse.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import type { Bookkeeping, Conversation, Limits, OutputFormat, Sampling } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget, type WrittenRequest } from "../form/dialect.ts";
import { describedSchema } from "../form/described-schema.ts";
import { fitLimits } from "../form/fit-limits.ts";
import { gatherNotes, type Notes } from "../form/notes.ts";
import type { WriteContext } from "./write-content.ts";
import { writeMessages } from "./write-messages.ts";
import { writeThinking } from "./write-thinking.ts";
import { writeTools } from "./write-tools.ts";

/**
 * Writes a request of Cohere's chat. https://docs.cohere.com/reference/chat
 * @throws CannotTranslate for what changes the answer and cannot be said
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const notes = gatherNotes();
  const context: WriteContext = { target, notes, documents: [] };
  const conversation = fitLimits(asked, target.facts, () => notes.adjusted("max_tokens"));
  const { limits, sampling, output } = conversation;
  const messages = writeMessages(conversation.turns, context);
  const body = withoutUndefined({
    model: target.model,
    messages,
    stream: conversation.stream ? true : undefined,
    ...writeTools(conversation, context),
    documents: context.documents.length > 0 ? context.documents : undefined,
    response_format: output && writeOutputFormat(output),
    ...writeLimits(limits),
    ...writeSampling(sampling, notes),
    thinking: writeThinking(conversation, target, notes),
  });
  noteBookkeeping(conversation.bookkeeping, notes);
  return { body, notes: notes.all };
}

/** https://docs.cohere.com/docs/structured-outputs */
function writeOutputFormat(output: OutputFormat): JsonObject {
  return output.kind === "json"
    ? { type: "json_object" }
    : { type: "json_object", json_schema: describedSchema(output) };
}

const MAX_STOPS = 5;

function writeLimits({ maxOutputTokens, stop, answers }: Limits): JsonObject {
  if (answers !== undefined && answers > 1) throw new CannotTranslate("n", "its API gives one answer");
  if (stop.length > MAX_STOPS) throw new CannotTranslate("stop", `it takes at most ${MAX_STOPS} stop texts`);
  return { max_tokens: maxOutputTokens, stop_sequences: stop.length > 0 ? stop : undefined };
}

/** Least and most of each number that the wire takes. */
const RANGES = {
  temperature: [0, 1],
  top_p: [0.01, 0.99],
  top_k: [0, 500],
  frequency_penalty: [0, 1],
  presence_penalty: [0, 1],
} as const;

function writeSampling(sampling: Sampling, notes: Notes): JsonObject {
  // Its own are of other tokens than the text that they belong to.
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "its log probabilities name no texts");
  if (Object.keys(sampling.logitBias ?? {}).length > 0) notes.dropped("logit_bias");
  const fit = (name: keyof typeof RANGES, value: number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const [least, most] = RANGES[name];
    const clamped = Math.min(Math.max(value, least), most);
    if (clamped !== value) notes.adjusted(name);
    return clamped;
  };
  const { seed } = sampling;
  if (seed !== undefined && seed < 0) notes.dropped("seed");
  return {
    temperature: fit("temperature", sampling.temperature),
    p: fit("top_p", sampling.topP),
    k: fit("top_k", sampling.topK),
    frequency_penalty: fit("frequency_penalty", sampling.frequencyPenalty),
    presence_penalty: fit("presence_penalty", sampling.presencePenalty),
    seed: seed !== undefined && seed >= 0 ? seed : undefined,
  };
}

/** What the answer does not depend on has no place on this wire. */
function noteBookkeeping(bookkeeping: Bookkeeping, notes: Notes): void {
  const { user, metadata, serviceTier, verbosity, promptCacheKey, store } = bookkeeping;
  if (user !== undefined) notes.dropped("user");
  if (metadata !== undefined) notes.dropped("metadata");
  // Its only tier.
  const isUsualTier = serviceTier === undefined || ["auto", "default", "standard_only"].includes(serviceTier);
  if (!isUsualTier) notes.dropped("service_tier");
  if (verbosity !== undefined) notes.dropped("verbosity");
  if (promptCacheKey !== undefined) notes.dropped("prompt_cache_key");
  if (store === true) notes.dropped("store");
}
