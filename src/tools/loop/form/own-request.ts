import { toJson } from "../../../core/json/bytes.ts";
import { type JsonObject, isJsonObject } from "../../../core/json/parse.ts";
import type { Conversation, Tool, Turn } from "../../../formats/form/conversation.ts";
import type { WireDialect, WireTarget } from "../../../formats/form/dialect.ts";
import { applyEdits } from "../../../core/json/edit.ts";
import { prepareBody } from "../../../pipeline/body/prepare-body.ts";
import type { AdmittedRequest } from "../../../pipeline/stage.ts";
import { openConversation } from "../conversation.ts";
import { type FormRequest, orUnusable, turnsOf } from "./form-request.ts";

/** A turn before those that are written: no API lets the assistant begin. */
const BEFORE: Turn = { role: "user", blocks: [{ type: "text", text: "." }] };

/**
 * A request for a provider of the client's own API: it keeps the client's bytes, and only what the gateway adds is
 * written from the form.
 * @param tools those of the gateway
 */
export function openOwnRequest(
  { body, target, format }: Pick<AdmittedRequest, "body" | "target" | "format">,
  conversation: Conversation,
  tools: readonly Tool[],
  wire: WireDialect,
  wireTarget: WireTarget,
): FormRequest {
  const member = format.images?.member ?? "messages";
  const { parallelCalls, tools: ownTools } = conversation;
  const allTools = [...ownTools, ...tools];
  const write = (part: Partial<Conversation>): JsonObject =>
    wire.writeRequest({ ...bare(conversation.model), ...part }, wireTarget).body;
  const items = listOf(write({ tools })["tools"]).map(toJson);
  const definitions = { items, array: toJson(listOf(write({ tools })["tools"])) };
  const {
    add,
    body: bodyWith,
    bytes,
    addedBytes,
  } = openConversation(applyEdits(prepareBody(body, target, format, false)), body.value, definitions, member);

  return {
    body: (toolChoice) => bodyWith(toolChoice && write({ tools: allTools, toolChoice, parallelCalls })["tool_choice"]),
    add(said, results) {
      const turns = [BEFORE, ...turnsOf(said, results)];
      const [, ...added] = listOf(orUnusable(() => write({ tools: allTools, turns }))[member]);
      add(added.map(toJson));
    },
    notes: () => [],
    bytes,
    addedBytes,
  };
}

const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** A conversation in which nothing is said or asked for. */
const bare = (model: string): Conversation => ({
  model,
  stream: false,
  turns: [BEFORE],
  tools: [],
  toolChoice: undefined,
  parallelCalls: undefined,
  limits: { maxOutputTokens: undefined, stop: [], answers: undefined },
  sampling: {
    temperature: undefined,
    topP: undefined,
    topK: undefined,
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    logitBias: undefined,
    logprobs: undefined,
  },
  reasoning: undefined,
  output: undefined,
  bookkeeping: {
    user: undefined,
    metadata: undefined,
    serviceTier: undefined,
    verbosity: undefined,
    promptCacheKey: undefined,
    store: undefined,
  },
  wantsUsage: false,
  foreign: [],
});
