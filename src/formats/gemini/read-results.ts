import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf } from "../../core/json/values.ts";
import type { MediaBlock, ResultBlock, TextBlock } from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { unreadHints } from "../form/unread-members.ts";
import { camelObjectOf } from "./camel-members.ts";
import { readMedia } from "./read-media.ts";

/** A call, which may still wait for its result. */
interface KnownCall {
  readonly id: string;
  isDone: boolean;
}

/** The calls of one function, in order. */
interface NamedCalls {
  readonly calls: KnownCall[];
  /** All before this one have their results. */
  next: number;
}

/**
 * Gives calls their ids, and results the ids of their calls. Both may have none here: then a result is that of the first
 * call of its name that has no result yet.
 */
export class CallIds {
  readonly #byId = new Map<string, KnownCall>();
  readonly #byName = new Map<string, NamedCalls>();
  #count = 0;

  /** @param id as the client sent it. One that is made here is the same in every request with this conversation */
  ofCall(id: string | undefined, name: string): string {
    this.#count += 1;
    const call = { id: id ?? `call_n${this.#count}`, isDone: false };
    this.#byId.set(call.id, call);
    const named = this.#byName.get(name);
    if (named) named.calls.push(call);
    else this.#byName.set(name, { calls: [call], next: 0 });
    return call.id;
  }

  /** @returns undefined if there is no such call */
  ofResult(id: string | undefined, name: string): string | undefined {
    const byId = id === undefined ? undefined : this.#byId.get(id);
    const call = byId && !byId.isDone ? byId : this.#firstOf(name);
    if (call) call.isDone = true;
    return call?.id;
  }

  #firstOf(name: string): KnownCall | undefined {
    const named = this.#byName.get(name);
    if (!named) return undefined;
    while (named.calls[named.next]?.isDone) named.next += 1;
    return named.calls[named.next];
  }
}

const READ: ReadonlySet<string> = new Set(["id", "name", "response", "parts"]);

/** Reads the `functionResponse` of a part. @throws CannotTranslate if it is that of no call */
export function readResult(response: JsonObject, path: string, calls: CallIds, foreign: ForeignMember[]): ResultBlock {
  const name = filledTextOf(response["name"]) ?? "";
  foreign.push(...unreadHints(response, path, READ));
  const callId = calls.ofResult(filledTextOf(response["id"]), name);
  if (callId === undefined) throw new CannotTranslate(path, "no call of this name or id is open before it");
  const media = listOf(response["parts"]).flatMap((part, at): MediaBlock[] => {
    const read = camelObjectOf(part);
    const block = read && readMedia(read, `${path}.parts[${at}]`, foreign);
    return block ? [block] : [];
  });
  const { text, isError } = readResponse(response["response"]);
  const said: TextBlock[] = text === "" && media.length > 0 ? [] : [{ type: "text", text }];
  return { type: "result", callId, blocks: [...said, ...media], isError, kind: "function" };
}

/** Names under which clients put what a function returned, and nothing else beside it. */
const OUTPUTS = ["output", "result"] as const;

/** What a function returned as text: an object as its JSON. https://ai.google.dev/api/caching#FunctionResponse */
function readResponse(response: unknown): { readonly text: string; readonly isError: boolean } {
  if (!isJsonObject(response)) return { text: textOfValue(response), isError: false };
  const [only, ...others] = Object.keys(response);
  if (only === undefined) return { text: "", isError: false };
  if (others.length > 0) return { text: JSON.stringify(response), isError: false };
  if (only === "error") return { text: textOfValue(response[only]), isError: true };
  const isWrapped = OUTPUTS.some((name) => name === only);
  return { text: isWrapped ? textOfValue(response[only]) : JSON.stringify(response), isError: false };
}

function textOfValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
