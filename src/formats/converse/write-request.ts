import type { JsonObject } from "../../core/json/parse.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { writeClaudeSampling } from "../form/claude-sampling.ts";
import type { Bookkeeping, Conversation, OutputFormat } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget, type WrittenRequest } from "../form/dialect.ts";
import { fitLimits } from "../form/fit-limits.ts";
import { fitSchema } from "../form/fit-schema.ts";
import { forceAnswer } from "../form/forced-answer.ts";
import { type WrittenReasoning, writeReasoning } from "./write-reasoning.ts";
import { writeTools } from "./write-tools.ts";
import { writeTurns } from "./write-turns.ts";
import { familyOf, openWriting, type Writing } from "./writing.ts";

/**
 * Writes a request of Converse, whose address names the model and whether a stream is wanted.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 * @throws CannotTranslate for what changes the answer and cannot be said
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const held = holdToOutput(asked, target);
  const { limits, sampling, turns, toolChoice } = held;
  if (limits.answers !== undefined && limits.answers > 1) throw new CannotTranslate("n", "its API gives one answer");
  if (sampling.logprobs !== undefined) throw new CannotTranslate("logprobs", "its API has no log probabilities");
  const hasCalls = turns.some(({ blocks }) => blocks.some(({ type }) => type === "call" || type === "result"));
  const tellsCalls = toolChoice?.kind === "none" && hasCalls;
  const writing = openWriting(target, tellsCalls);
  if (held !== asked) writing.note("adjusted", "response_format");
  if (toolChoice?.kind === "none" && (hasCalls || held.tools.length > 0)) writing.note("adjusted", "tool_choice");
  const conversation = fitLimits(held, target.facts, () => writing.note("adjusted", "max_tokens"));
  const { system, messages, lacksThoughts, called } = writeTurns(turns, writing);
  const toolConfig = writeTools(conversation, called, writing);
  const reasoning = writeReasoning(conversation, lacksThoughts, writing);
  const { inference, fields } = writeSampling(conversation, reasoning, writing);
  const output = writeOutput(conversation.output, reasoning, writing);
  const body: Record<string, unknown> = {
    messages: messages.map(({ role, content }) => ({ role, content: writing.withinLimit(content) })),
  };
  if (system.length > 0) body["system"] = writing.withinLimit(system);
  if (Object.keys(inference).length > 0) body["inferenceConfig"] = inference;
  if (toolConfig) body["toolConfig"] = { ...toolConfig, tools: writing.withinLimit(toolConfig.tools) };
  if (output) body["outputConfig"] = output;
  const additional = { ...reasoning.fields, ...fields };
  if (Object.keys(additional).length > 0) body["additionalModelRequestFields"] = additional;
  Object.assign(body, writeBookkeeping(conversation.bookkeeping, writing));
  return { body, notes: writing.notes.all };
}

/**
 * Whether a model is held to an output by the wire's own member, which is always a schema, and which Nova does not take.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 */
const takesOutput = ({ kind }: OutputFormat, { model, facts }: WireTarget): boolean =>
  kind === "schema" && facts.takesOutputSchema && !familyOf(model).startsWith("nova");

/** @throws CannotTranslate for a Claude that always thinks, as it may not be made to call a tool */
function holdToOutput(asked: Conversation, target: WireTarget): Conversation {
  const { output } = asked;
  if (!output || takesOutput(output, target)) return asked;
  const { model, facts } = target;
  if (facts.alwaysThinks && familyOf(model) === "claude") {
    throw new CannotTranslate("response_format", "this model always thinks, which excludes JSON without a schema");
  }
  // That it is called once is not asked for by the client, who is not told that the wire cannot say it.
  return { ...forceAnswer(asked, output), parallelCalls: asked.parallelCalls };
}

interface WrittenSampling {
  readonly inference: JsonObject;
  /** Of `additionalModelRequestFields`. */
  readonly fields: JsonObject;
}

function writeSampling(
  { sampling, limits }: Conversation,
  { maxTokens, sampling: allowed }: WrittenReasoning,
  writing: Writing,
): WrittenSampling {
  const stop = limits.stop.filter((text) => /\S/.test(text));
  if (stop.length < limits.stop.length) writing.note("adjusted", "stop");
  const { temperature, topP, topK } = writeClaudeSampling(sampling, allowed === "thinking", writing);
  const limit = { maxTokens, stopSequences: stop.length > 0 ? stop : undefined };
  if (allowed === "none") {
    for (const [name, value] of Object.entries({ temperature, top_p: topP, top_k: topK })) {
      if (value !== undefined) writing.note("dropped", name);
    }
    return { inference: withoutUndefined(limit), fields: {} };
  }
  const inference = withoutUndefined({ ...limit, temperature, topP });
  return { inference, fields: topK === undefined ? {} : writeTopK(topK, writing) };
}

function writeTopK(topK: number, writing: Writing): JsonObject {
  switch (writing.family) {
    case "claude":
      return { top_k: topK };
    case "nova":
    case "nova2":
      return { inferenceConfig: { topK } };
    default:
      writing.note("dropped", "top_k");
      return {};
  }
}

function writeOutput(
  output: OutputFormat | undefined,
  { effort }: WrittenReasoning,
  writing: Writing,
): JsonObject | undefined {
  const textFormat = output?.kind === "schema" ? writeTextFormat(output, writing) : undefined;
  return textFormat || effort ? withoutUndefined({ effort, textFormat }) : undefined;
}

type SchemaOutput = Extract<OutputFormat, { readonly kind: "schema" }>;

function writeTextFormat({ name, description, schema: asked }: SchemaOutput, writing: Writing): JsonObject {
  const { schema, isExact } = fitSchema(asked, true);
  if (!isExact) writing.note("adjusted", "response_format");
  const jsonSchema = withoutUndefined({ name, description, schema: JSON.stringify(schema) });
  return { type: "json_schema", structure: { jsonSchema } };
}

/** The names of others for what is served in the usual way. */
const TIERS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    default: "default",
    standard_only: "default",
    flex: "flex",
    priority: "priority",
  }),
);

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, `requestMetadata` */
const METADATA_NAME = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;
const METADATA_VALUE = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;
const MAX_METADATA = 16;

function writeBookkeeping(bookkeeping: Bookkeeping, writing: Writing): JsonObject {
  const { user, metadata, serviceTier, verbosity, promptCacheKey, store } = bookkeeping;
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...(user !== undefined && { user_id: user }), ...metadata })) {
    const isTaken = METADATA_NAME.test(name) && typeof value === "string" && METADATA_VALUE.test(value);
    if (isTaken && Object.keys(kept).length < MAX_METADATA) kept[name] = value;
    else writing.note("dropped", name === "user_id" && value === user ? "user" : `metadata.${name}`);
  }
  const tier = TIERS.get(serviceTier ?? "");
  if (serviceTier !== undefined && serviceTier !== "auto" && !tier) writing.note("dropped", "service_tier");
  if (verbosity !== undefined) writing.note("dropped", "verbosity");
  if (promptCacheKey !== undefined) writing.note("dropped", "prompt_cache_key");
  if (store === true) writing.note("dropped", "store");
  return withoutUndefined({
    requestMetadata: Object.keys(kept).length > 0 ? kept : undefined,
    serviceTier: tier && { type: tier },
  });
}
