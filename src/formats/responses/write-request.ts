import type { JsonObject } from "../../core/json/parse.ts";
import type { Bookkeeping, Conversation, OutputFormat, Turn } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget, type WrittenRequest } from "../form/dialect.ts";
import { fitIdentifier } from "../form/fit-identifier.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import { withPlainTools } from "../form/plain-tools.ts";
import { placeResults } from "../form/place-results.ts";
import { isStrictSchema } from "../form/strict-schema.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { createNotes, type Notes } from "./member-lists.ts";
import { type ProviderTraits, traitsOf } from "./provider-traits.ts";
import { returnsThoughts, writeReasoning } from "./reasoning.ts";
import { writeItems } from "./write-items.ts";
import { writeToolChoice, writeTools } from "./write-tools.ts";

/** OpenAI refuses less. */
const MIN_OUTPUT_TOKENS = 16;
const SERVICE_TIERS: readonly string[] = ["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"];
const VERBOSITIES: readonly string[] = ["low", "medium", "high"];

/**
 * Writes a request for a provider of OpenAI's Responses API. The provider is not asked to keep the answer unless the
 * client said so, and thoughts come back encrypted, so that the conversation goes on without a store.
 * @throws CannotTranslate
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const notes = createNotes();
  const traits = traitsOf(target.provider);
  const conversation = traits.takesCustomTools
    ? asked
    : withPlainTools(asked, (index) => notes.adjusted(`tools[${index}].type`));
  refuse(conversation);
  const { tools, toolChoice, parallelCalls, limits, reasoning, bookkeeping } = conversation;
  const { instructions, input } = writeInput(conversation, target, notes);
  const hasTools = tools.length > 0;
  const kept = writeBookkeeping(bookkeeping, traits, notes);
  const written = reasoning && writeReasoning(reasoning, target, notes);
  const body = withoutUndefined({
    model: target.model,
    instructions,
    input,
    stream: conversation.stream ? true : undefined,
    max_output_tokens: writeLimit(limits.maxOutputTokens, notes),
    ...writeSampling(conversation, takesSampling(target.facts, written), notes),
    tools: hasTools ? writeTools(tools, notes) : undefined,
    tool_choice: hasTools && toolChoice ? writeToolChoice(toolChoice, tools) : undefined,
    parallel_tool_calls: hasTools ? parallelCalls : undefined,
    reasoning: written,
    include: returnsThoughts(reasoning, target) ? ["reasoning.encrypted_content"] : undefined,
    text: writeText(conversation.output, kept["verbosity"], notes),
    store: bookkeeping.store ?? false,
    ...withoutVerbosity(kept),
  });
  return { body, notes: notes.list() };
}

function refuse({ limits, sampling, tools, toolChoice }: Conversation): void {
  if (limits.stop.length > 0) throw new CannotTranslate("stop", "its API has no stop texts");
  if ((limits.answers ?? 1) > 1) throw new CannotTranslate("n", "its API gives one answer");
  // Its log probabilities have no place in the form of answers.
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "they are not translated from its API");
  if (tools.length === 0 && toolChoice !== undefined && toolChoice.kind !== "auto" && toolChoice.kind !== "none") {
    throw new CannotTranslate("tool_choice", "it asks for tools, and there are none");
  }
}

/** Said for the user if nothing else is: without any input the provider refuses a request. */
const NOTHING_SAID: readonly JsonObject[] = [{ type: "message", role: "user", content: "." }];

interface WrittenInput {
  readonly instructions: string | undefined;
  readonly input: readonly JsonObject[];
}

/** The instructions of a conversation, for which the API has a member: its first turn, if that is the system's. */
export function instructionsOf([first]: readonly Turn[]): string | undefined {
  if (first?.role !== "system") return undefined;
  return first.blocks.map(({ text }) => text).join("\n\n");
}

function writeInput({ turns: told, tools }: Conversation, target: WireTarget, notes: Notes): WrittenInput {
  const turns = placeResults(told, "responses", () => notes.adjusted("messages[].tool_call_id"));
  const last = turns.at(-1);
  // The API would answer it with a new turn instead of going on.
  if (last?.role === "assistant" && last.blocks.at(-1)?.type === "text") {
    throw new CannotTranslate(`messages[${turns.length - 1}]`, "its API cannot go on with a begun answer");
  }
  const write = (first: number): readonly JsonObject[] => {
    const items = writeItems(turns.slice(first), first, tools, target, notes);
    if (items.length > 0) return items;
    notes.adjusted("messages");
    return NOTHING_SAID;
  };
  const instructions = instructionsOf(turns);
  // Without any input the provider would refuse it.
  const isMarked =
    target.facts.takesCacheBreakpoints && turns[0]?.blocks.some((block) => "cache" in block && block.cache);
  // Nor is there a place for marks of what to cache in instructions.
  if (instructions === undefined || turns.length === 1 || isMarked) return { instructions: undefined, input: write(0) };
  return { instructions, input: write(1) };
}

function writeLimit(tokens: number | undefined, notes: Notes): number | undefined {
  if (tokens === undefined || tokens >= MIN_OUTPUT_TOKENS) return tokens;
  notes.adjusted("max_tokens");
  return MIN_OUTPUT_TOKENS;
}

const takesSampling = (facts: ModelFacts, reasoning: JsonObject | undefined): boolean =>
  facts.takesSampling || (facts.takesSamplingUnthinking === true && reasoning?.["effort"] === "none");

function writeSampling({ sampling }: Conversation, isTaken: boolean, notes: Notes): JsonObject {
  const { temperature, topP } = sampling;
  const untold = {
    top_k: sampling.topK,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty || undefined,
    presence_penalty: sampling.presencePenalty || undefined,
    logit_bias: sampling.logitBias,
    ...(isTaken ? {} : { temperature, top_p: topP }),
  };
  for (const [member, value] of Object.entries(untold)) if (value !== undefined) notes.dropped(member);
  return isTaken ? { temperature, top_p: topP } : {};
}

function writeText(output: OutputFormat | undefined, verbosity: unknown, notes: Notes): JsonObject | undefined {
  if (!output && verbosity === undefined) return undefined;
  return withoutUndefined({ format: output && fitOutputFormat(output, notes), verbosity });
}

function fitOutputFormat(output: OutputFormat, notes: Notes): JsonObject {
  if (output.kind === "json" || output.strict !== true || isStrictSchema(output.schema))
    return writeOutputFormat(output);
  notes.adjusted("response_format.json_schema.strict");
  return writeOutputFormat({ ...output, strict: false });
}

export function writeOutputFormat(output: OutputFormat): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  const { name = "response", description, schema, strict = false } = output;
  return withoutUndefined({ type: "json_schema", name, description, schema, strict });
}

/** Those members that the provider takes. */
function writeBookkeeping(bookkeeping: Bookkeeping, { bookkeeping: taken }: ProviderTraits, notes: Notes): JsonObject {
  const { user, promptCacheKey, serviceTier, metadata, verbosity } = bookkeeping;
  // Anthropic's and Google's words for the usual one.
  const tier = serviceTier === "standard_only" || serviceTier === "standard" ? "default" : serviceTier;
  const identifier = taken.has("safety_identifier") ? "safety_identifier" : "user";
  const members = {
    [identifier]: user && fitIdentifier(user),
    prompt_cache_key: promptCacheKey && fitIdentifier(promptCacheKey),
    service_tier: tier,
    verbosity,
    metadata,
  };
  const isTaken = (name: string): boolean =>
    taken.has(name) &&
    (name !== "service_tier" || SERVICE_TIERS.includes(tier ?? "")) &&
    (name !== "verbosity" || VERBOSITIES.includes(verbosity ?? ""));
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    if (isTaken(name)) written[name] = value;
    else notes.dropped(name);
  }
  return written;
}

/** It is a member of `text`. */
function withoutVerbosity({ verbosity: _, ...members }: JsonObject): JsonObject {
  return members;
}
