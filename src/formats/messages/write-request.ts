import { isBlank } from "../form/blocks.ts";
import type { Bookkeeping, Conversation } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget, type WrittenRequest } from "../form/dialect.ts";
import { forceAnswer } from "../form/forced-answer.ts";
import { fitLimits } from "../form/fit-limits.ts";
import { describedSchema } from "../form/described-schema.ts";
import { fitSchema } from "../form/fit-schema.ts";
import { type WireObject } from "./members.ts";
import { writeClaudeSampling } from "../form/claude-sampling.ts";
import { writeThinking, type WrittenThinking } from "../form/claude-thinking.ts";
import { writeTools } from "./write-tools.ts";
import { writeTurns } from "./write-turns.ts";
import { openWriting, type Writing } from "./writing.ts";

/**
 * Writes a request for a provider of the Messages API. https://docs.anthropic.com/en/api/messages
 * @throws CannotTranslate for what changes the answer and cannot be said
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const writing = openWriting(target);
  const conversation = fitLimits(holdToOutput(asked, writing), target.facts, () =>
    writing.note("adjusted", "max_tokens"),
  );
  const { limits, sampling } = conversation;
  if (limits.answers !== undefined && limits.answers > 1) throw new CannotTranslate("n", "its API gives one answer");
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "its API has no log probabilities");
  // In the order in which the provider caches them.
  const tools = writeTools(conversation, writing);
  const { system, messages, lacksThoughts } = writeTurns(conversation.turns, writing);
  const thinking = writeThinking(conversation, lacksThoughts, writing);
  const config = writeOutputConfig(conversation, thinking, writing);
  const stop = limits.stop.filter((text) => !isBlank(text));
  if (stop.length < limits.stop.length) writing.note("adjusted", "stop");
  const body: WireObject = { model: target.model, max_tokens: thinking.maxTokens };
  if (system !== undefined) body["system"] = system;
  body["messages"] = messages;
  Object.assign(body, tools);
  if (stop.length > 0) body["stop_sequences"] = stop;
  if (thinking.thinking) body["thinking"] = thinking.thinking;
  if (config) body["output_config"] = config;
  Object.assign(body, writeSampling(conversation, thinking.isOn, writing));
  Object.assign(body, writeBookkeeping(conversation.bookkeeping, writing));
  if (conversation.stream) body["stream"] = true;
  return { body, notes: writing.finish() };
}

/** Whether a model is held to a schema by the wire's own member, which only Claude is known to take. */
const takesSchema = ({ model, provider, facts }: WireTarget): boolean =>
  facts.takesOutputSchema && (provider === "anthropic" || /claude/i.test(model));

function holdToOutput(conversation: Conversation, writing: Writing): Conversation {
  const { output } = conversation;
  if (!output || (output.kind === "schema" && takesSchema(writing.target))) return conversation;
  if (takesSchema(writing.target) && writing.target.facts.alwaysThinks) {
    throw new CannotTranslate("response_format", "this model always thinks, which excludes JSON without a schema");
  }
  writing.note("adjusted", "response_format");
  return forceAnswer(conversation, output);
}

function writeOutputConfig(
  { output }: Conversation,
  { effort }: WrittenThinking,
  writing: Writing,
): WireObject | undefined {
  const config: WireObject = effort ? { effort } : {};
  if (output?.kind === "schema") {
    const { schema, isExact } = fitSchema(describedSchema(output), true);
    if (!isExact) writing.note("adjusted", "response_format");
    config["format"] = { type: "json_schema", schema };
  }
  return Object.keys(config).length > 0 ? config : undefined;
}

function writeSampling({ sampling }: Conversation, isThinking: boolean, writing: Writing): WireObject {
  const { temperature, topP, topK } = writeClaudeSampling(sampling, isThinking, writing);
  const written: WireObject = {};
  if (temperature !== undefined) written["temperature"] = temperature;
  if (topP !== undefined) written["top_p"] = topP;
  if (topK !== undefined) written["top_k"] = topK;
  return written;
}

/** OpenAI's tiers by their names here: what is faster or slower than usual is not sold on this wire. */
const TIERS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    auto: "auto",
    default: "standard_only",
    standard_only: "standard_only",
  }),
);

function writeBookkeeping(bookkeeping: Bookkeeping, writing: Writing): WireObject {
  const { user, metadata, serviceTier, verbosity, promptCacheKey, store } = bookkeeping;
  const written: WireObject = user === undefined ? {} : { metadata: { user_id: user } };
  const tier = serviceTier === undefined ? undefined : TIERS.get(serviceTier);
  if (tier) written["service_tier"] = tier;
  const dropped = {
    service_tier: serviceTier !== undefined && !tier,
    metadata: metadata !== undefined,
    verbosity: verbosity !== undefined,
    prompt_cache_key: promptCacheKey !== undefined,
    store: store === true,
  };
  for (const [name, isDropped] of Object.entries(dropped)) if (isDropped) writing.note("dropped", name);
  return written;
}
