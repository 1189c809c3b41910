import type { ClientRequest } from "../../core/client-request.ts";
import { numberOf, objectOf, textOf } from "../../core/json/values.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Router } from "../../routing/engine/route.ts";
import type { Route } from "../../routing/models/routed-model.ts";
import type { StickyOptions } from "../../routing/models/model-options.ts";
import { memberOf, type ReceivedBody } from "../body/received-body.ts";
import type { AdmittedRequest } from "../stage.ts";

/** Of English text, and of JSON around it. */
const BYTES_PER_TOKEN = 4;

/** What a request will use, as far as can be said before: what it sends, and the longest answer that it asks for. */
export function estimateTokens(body: ReceivedBody): number {
  const output =
    memberOf(body, "max_completion_tokens") ??
    memberOf(body, "max_output_tokens") ??
    memberOf(body, "max_tokens") ??
    objectOf(memberOf(body, "generationConfig") ?? memberOf(body, "generation_config"))?.["maxOutputTokens"];
  return Math.ceil(body.bytes.length / BYTES_PER_TOKEN) + Math.max(0, numberOf(output) ?? 0);
}

/** What a request is chosen a deployment by. */
export interface StickyTraits {
  readonly context: Pick<RequestContext, "principal">;
  readonly request: Pick<ClientRequest, "headers">;
  readonly body: Pick<ReceivedBody, "value">;
}

/** Of a request that is admitted. */
export const traitsOf = ({ attempts: { context, request }, body }: AdmittedRequest): StickyTraits => ({
  context,
  request,
  body,
});

const HEADER = "header:";

/** Whether {@link stickyKeyOf} looks into the body for the route of a request, or for one that it may fall back to. */
export function readsConversation(
  router: Pick<Router, "find">,
  { model: { options } }: Route,
  seen = new Set<string>(),
): boolean {
  if (options.sticky?.by === "conversation") return true;
  seen.add(options.name);
  return [...options.fallbacks, ...options.contextFallbacks, ...options.contentFallbacks].some((name) => {
    const route = seen.has(name) ? undefined : router.find(name);
    return route !== undefined && readsConversation(router, route, seen);
  });
}

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

/** Whose turns are instructions; the first of any other role is the question. */
const INSTRUCTING: ReadonlySet<unknown> = new Set(["system", "developer"]);

/** Marks that clients move on with each request. */
const MOVING: ReadonlySet<string> = new Set(["cache_control"]);

/** Of the beginning; what differs only behind it has a cache of its own anyway. */
const MAX_CHARACTERS = 16 * 1024;

/** A hash of the beginning of a conversation, which all of its requests have; of what its client says of it, if it does. */
function conversationOf(value: JsonObject): string | undefined {
  const told = textOf(value["prompt_cache_key"]);
  if (told !== undefined && told !== "") return told;
  const turns = TURNS.map((name) => value[name]).find((turn) => turn !== undefined);
  const said: string[] = [];
  gather([...BEFORE.map((name) => value[name]), firstOf(turns)], said, MAX_CHARACTERS);
  return said.length === 0 ? undefined : Bun.hash(said.join("\n")).toString(36);
}

/** The first question, with the instructions before it: what follows differs from request to request. */
function firstOf(turns: unknown): unknown {
  if (!Array.isArray(turns)) return turns;
  const question = turns.findIndex((turn) => !INSTRUCTING.has(objectOf(turn)?.["role"]));
  return question < 0 ? turns : turns.slice(0, question + 1);
}

/** Collects what is said in a value, up to so many characters. @returns how many are left */
function gather(value: unknown, said: string[], left: number): number {
  if (left <= 0) return 0;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left > 0; at++) left = gather(value[at], said, left);
    return left - 1;
  }
  if (isJsonObject(value)) {
    for (const name in value) if (!MOVING.has(name) && left > 0) left = gather(value[name], said, left);
    return left - 1;
  }
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  if (text !== "") said.push(text.slice(0, left));
  return left - text.length - 1;
}
