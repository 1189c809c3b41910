import { numberOf, objectOf, textOf, listOf } from "../../core/json/values.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { StickyOptions } from "../../routing/models/model-options.ts";
import type { ReceivedBody } from "../prepare-body.ts";

/** Of English text, and of JSON around it. */
const BYTES_PER_TOKEN = 4;

/** What a request will use, as far as can be said before: what it sends, and the longest answer that it asks for. */
export function estimateTokens({ bytes, value }: ReceivedBody): number {
  const output =
    value["max_completion_tokens"] ??
    value["max_output_tokens"] ??
    value["max_tokens"] ??
    objectOf(value["generationConfig"] ?? value["generation_config"])?.["maxOutputTokens"];
  return Math.ceil(bytes.length / BYTES_PER_TOKEN) + Math.max(0, numberOf(output) ?? 0);
}

/** What a request is chosen a deployment by. */
export interface StickyTraits {
  readonly context: Pick<RequestContext, "principal">;
  readonly request: Pick<Request, "headers">;
  readonly body: Pick<ReceivedBody, "value">;
}

const HEADER = "header:";

/** What belongs together, in the operator's words; undefined if this request belongs to nothing, or nothing is asked for. */
export function stickyKeyOf(
  sticky: StickyOptions | undefined,
  { context, request, body }: StickyTraits,
): string | undefined {
  if (!sticky) return undefined;
  if (sticky.by === "conversation") return conversationOf(body.value);
  if (sticky.by === "identity") {
    const { principal } = context;
    return principal && [principal.issuer, principal.fingerprint, principal.name].join(" ");
  }
  return request.headers.get(sticky.by.slice(HEADER.length)) ?? undefined;
}

/** Where the APIs have what was said, and what is said before it. */
const TURNS = ["messages", "contents", "input", "prompt"] as const;
const BEFORE = ["system", "instructions", "systemInstruction", "system_instruction"] as const;

/** A system prompt and the first question: later ones must not change the key. */
const FIRST_TURNS = 2;

/** Of the beginning; what differs only behind it has a cache of its own anyway. */
const MAX_CHARACTERS = 16 * 1024;

/** A hash of the beginning of a conversation, which all of its requests have; of what its client says of it, if it does. */
function conversationOf(value: JsonObject): string | undefined {
  const said = textOf(value["prompt_cache_key"]);
  if (said !== undefined && said !== "") return said;
  const turns = TURNS.map((name) => value[name]).find((turn) => turn !== undefined);
  const first = typeof turns === "string" ? [turns] : listOf(turns).slice(0, FIRST_TURNS);
  const begun = [...BEFORE.map((name) => value[name]), ...first].filter((part) => part !== undefined);
  if (begun.length === 0) return undefined;
  return Bun.hash(begun.map((part) => beginningOf(part)).join("\n")).toString(36);
}

const beginningOf = (part: unknown): string =>
  (typeof part === "string" ? part : JSON.stringify(part)).slice(0, MAX_CHARACTERS);
