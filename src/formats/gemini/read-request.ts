import type { JsonObject } from "../../core/json/parse.ts";
import { booleanOf, isSet, textOf } from "../../core/json/values.ts";
import type { Conversation, ForeignMember } from "../form/conversation.ts";
import { camelMembers } from "./camel-members.ts";
import { unreadOfTurns } from "./known-members.ts";
import { readToolConfig, readTools } from "./read-client-tools.ts";
import { readTurns } from "./read-contents.ts";
import { readGenerationConfig } from "./read-generation-config.ts";

/** Members that are read, in whole or in part; `model` and `stream` are what the path says. */
const KNOWN: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "contents",
  "systemInstruction",
  "tools",
  "toolConfig",
  "generationConfig",
  "serviceTier",
  "store",
]);

/** Their tiers by the form's names, which are OpenAI's. */
const TIERS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({ standard: "default", flex: "flex", priority: "priority" }),
);

/**
 * Reads a request of a client of Gemini's API. https://ai.google.dev/api/generate-content
 * @param body with the `model` and `stream` that its path says
 * @throws CannotTranslate for members of a wrong type
 */
export function readRequest(body: JsonObject): Conversation {
  const request = camelMembers(body);
  const foreign: ForeignMember[] = [];
  const { toolChoice, isValidated } = readToolConfig(request["toolConfig"], foreign);
  const tier = textOf(request["serviceTier"])?.toLowerCase();
  const conversation: Conversation = {
    model: textOf(body["model"]) ?? "",
    stream: body["stream"] === true,
    turns: readTurns(request, foreign),
    tools: readTools(request["tools"], isValidated, foreign),
    toolChoice,
    parallelCalls: undefined,
    ...readGenerationConfig(request["generationConfig"], foreign),
    bookkeeping: {
      user: undefined,
      metadata: undefined,
      serviceTier: tier === undefined ? undefined : (TIERS.get(tier) ?? tier),
      verbosity: undefined,
      promptCacheKey: undefined,
      store: booleanOf(request["store"]),
    },
    wantsUsage: true,
    foreign,
  };
  for (const [name, value] of Object.entries(request)) {
    if (KNOWN.has(name) || !isSet(value) || (Array.isArray(value) && value.length === 0)) continue;
    // What is in Google's cache cannot be sent elsewhere.
    foreign.push({ path: name, isEssential: name === "cachedContent" });
  }
  for (const path of unreadOfTurns(request)) foreign.push({ path, isEssential: false });
  return conversation;
}
