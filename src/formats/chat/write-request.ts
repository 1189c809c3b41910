import type { JsonObject } from "../../core/json/parse.ts";
import type { Bookkeeping, Conversation, Limits, OutputFormat, Sampling } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget, type WrittenRequest } from "../form/dialect.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { isOff } from "../form/efforts.ts";
import { fitIdentifier } from "../form/fit-identifier.ts";
import { forceAnswer } from "../form/forced-answer.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import { gatherNotes, type Notes } from "../form/notes.ts";
import { traitsFor } from "./provider-traits.ts";
import { cacheMarksOf, type WriteContext } from "./write-content.ts";
import { writeMessages } from "./write-messages.ts";
import { writeReasoning } from "./write-reasoning.ts";
import { writeStrict, writeTools } from "./write-tools.ts";

/**
 * Writes a body for a provider's chat endpoint.
 * @throws CannotTranslate for what chat completions, or this provider's, have no place for
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const traits = traitsFor(target);
  const notes = gatherNotes();
  const conversation = holdToOutput(asked, target, notes);
  const { provider, model } = target;
  const context: WriteContext = { provider, model, traits, cacheMarks: cacheMarksOf(traits, target), notes };
  const messages = writeMessages(conversation.turns, context);
  const reasoning = writeReasoning(conversation.reasoning, target, traits, notes);
  const body = withoutUndefined({
    model: target.model,
    messages: isBegun(messages.at(-1)) ? continued(messages, context) : messages,
    // Usage is always asked for: other APIs' streams always tell it, and the gateway counts it.
    ...(conversation.stream && { stream: true, stream_options: { include_usage: true } }),
    ...(isBegun(messages.at(-1)) && writeContinuation(context)),
    ...writeLimits(conversation.limits, context),
    ...writeSampling(conversation.sampling, takesSampling(target.facts, reasoning), context),
    ...writeTools(conversation, context),
    ...reasoning,
    response_format: conversation.output && writeOutputFormat(conversation.output, context),
    ...writeBookkeeping(conversation.bookkeeping, context),
  });
  return { body, notes: notes.all };
}

/** Models that know no schema of their output are held to it by a tool, which excludes thinking. */
function holdToOutput(conversation: Conversation, { facts }: WireTarget, notes: Notes): Conversation {
  const { output, reasoning } = conversation;
  if (!output || facts.takesOutputSchema) return conversation;
  notes.adjusted("response_format");
  if (reasoning && !isOff(reasoning)) notes.adjusted("reasoning");
  return { ...forceAnswer(conversation, output), reasoning: undefined };
}

/** Whether a last message is the beginning of the answer that is asked for. */
const isBegun = (last: JsonObject | undefined): boolean =>
  last?.["role"] === "assistant" && last["tool_calls"] === undefined;

/** Most providers would begin another answer behind the one that the request has begun. */
function continued(messages: readonly JsonObject[], { traits }: WriteContext): readonly JsonObject[] {
  if (traits.continuation === undefined) {
    throw new CannotTranslate("messages", "it does not go on with an answer that the last message begins");
  }
  return traits.continuation === "prefix" ? [...messages.slice(0, -1), { ...messages.at(-1), prefix: true }] : messages;
}

/** https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html */
function writeContinuation({ traits }: WriteContext): JsonObject {
  if (traits.continuation !== "continue_final_message") return {};
  return { add_generation_prompt: false, continue_final_message: true };
}

const OPENAI_MAX_STOPS = 4;

function writeLimits({ maxOutputTokens, stop, answers }: Limits, { traits }: WriteContext): JsonObject {
  // The form of answers has room for one answer.
  if ((answers ?? 1) > 1) throw new CannotTranslate("n", "only one of its answers would come back");
  if (traits.isOpenAi && stop.length > OPENAI_MAX_STOPS) {
    throw new CannotTranslate("stop", `it takes at most ${OPENAI_MAX_STOPS} stop texts`);
  }
  return {
    [traits.isOpenAi ? "max_completion_tokens" : "max_tokens"]: maxOutputTokens,
    stop: stop.length === 0 ? undefined : stop,
  };
}

const takesSampling = (facts: ModelFacts, { reasoning_effort: effort }: JsonObject): boolean =>
  facts.takesSampling || (facts.takesSamplingUnthinking === true && effort === "none");

function writeSampling(sampling: Sampling, isTaken: boolean, { traits, notes }: WriteContext): JsonObject {
  const { temperature, topP, topK } = sampling;
  // Nor for the probabilities of its tokens.
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "they are not translated from its API");
  if (!isTaken) {
    if (temperature !== undefined) notes.dropped("temperature");
    if (topP !== undefined) notes.dropped("top_p");
  }
  if (topK !== undefined && !traits.takesTopK) notes.dropped("top_k");
  return {
    temperature: isTaken ? temperature : undefined,
    top_p: isTaken ? topP : undefined,
    top_k: traits.takesTopK ? topK : undefined,
    [traits.seedMember]: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    logit_bias: sampling.logitBias,
  };
}

/** A schema must have a name here, and needs none elsewhere. */
const SCHEMA_NAME = "response";

function writeOutputFormat(output: OutputFormat, context: WriteContext): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  const { name = SCHEMA_NAME, description, schema } = output;
  const strict = writeStrict(output.strict, schema, "response_format.json_schema.strict", context);
  return { type: "json_schema", json_schema: withoutUndefined({ name, description, schema, strict }) };
}

/** Anthropic's `standard_only` and Google's `standard` are what others call the default. */
const SERVICE_TIERS: ReadonlyMap<string, string> = new Map([
  ...["auto", "default", "flex", "priority", "scale", "fast"].map((tier): [string, string] => [tier, tier]),
  ["standard_only", "default"],
  ["standard", "default"],
]);

function writeBookkeeping(bookkeeping: Bookkeeping, { traits, notes }: WriteContext): JsonObject {
  const { user, metadata, serviceTier, verbosity, promptCacheKey, store } = bookkeeping;
  const tier = serviceTier === undefined ? undefined : SERVICE_TIERS.get(serviceTier);
  if (serviceTier !== undefined && tier === undefined) notes.dropped("service_tier");
  const identifier = traits.bookkeeping.has("safety_identifier") ? "safety_identifier" : "user";
  // Metadata is kept with stored answers only, and refused without.
  const kept = store === true ? metadata : undefined;
  if (metadata !== undefined && kept === undefined) notes.dropped("metadata");
  const members = {
    [identifier]: user && fitIdentifier(user),
    metadata: kept,
    service_tier: tier,
    verbosity,
    prompt_cache_key: promptCacheKey && fitIdentifier(promptCacheKey),
    // Not to keep an answer is the default.
    store: store === true ? true : undefined,
  };
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    if (traits.bookkeeping.has(name)) written[name] = value;
    else notes.dropped(name);
  }
  return written;
}
