import type { Bookkeeping, Conversation } from "../form/conversation.ts";
import type { WireTarget, WrittenRequest } from "../form/dialect.ts";
import { fitLimits } from "../form/fit-limits.ts";
import { writeContents } from "./write-contents.ts";
import { writeGenerationConfig } from "./write-generation-config.ts";
import { writeTools } from "./write-tools.ts";
import { openWriting, type WireObject, type Writing } from "./writing.ts";

/**
 * Writes a request for a provider of Google's own API, which refuses members that it does not know. Model and stream are
 * in the address. https://ai.google.dev/api/generate-content
 * @throws CannotTranslate for what changes the answer and cannot be said
 */
export function writeRequest(asked: Conversation, target: WireTarget): WrittenRequest {
  const writing = openWriting(target);
  const conversation = fitLimits(asked, target.facts, () => writing.note("adjusted", "max_tokens"));
  const generationConfig = writeGenerationConfig(conversation, writing);
  const { systemInstruction, contents } = writeContents(conversation.turns, writing);
  const body: WireObject = {
    ...(systemInstruction && { systemInstruction }),
    contents,
    ...writeTools(conversation, writing),
    ...(generationConfig && { generationConfig }),
    ...writeBookkeeping(conversation.bookkeeping, writing),
  };
  return { body, notes: writing.notes() };
}

/** OpenAI's tiers by their names here; undefined is the usual one. */
const TIERS: ReadonlyMap<string, string | undefined> = new Map(
  Object.entries<string | undefined>({
    auto: undefined,
    default: "standard",
    standard_only: "standard",
    standard: "standard",
    flex: "flex",
    priority: "priority",
  }),
);

function writeBookkeeping(bookkeeping: Bookkeeping, writing: Writing): WireObject {
  const { user, metadata, serviceTier, verbosity, promptCacheKey, store } = bookkeeping;
  const tier = serviceTier === undefined ? undefined : TIERS.get(serviceTier);
  const dropped = {
    user: user !== undefined,
    metadata: metadata !== undefined,
    service_tier: serviceTier !== undefined && !TIERS.has(serviceTier),
    verbosity: verbosity !== undefined,
    prompt_cache_key: promptCacheKey !== undefined,
    store: store === true,
  };
  for (const [name, isDropped] of Object.entries(dropped)) if (isDropped) writing.note("dropped", name);
  return tier === undefined ? {} : { serviceTier: tier };
}
