import { toJson } from "../../core/json/bytes.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { cutText } from "./tool-result.ts";

/** An id of a request is a number here; servers give their own requests other ones. */
const MAX_ID_LENGTH = 256;

/** Members of a result that it is about, which the library would check. */
const LEFT_OUT: ReadonlySet<string> = new Set(["content", "tools", "isError", "structuredContent", "toolResult"]);

/** Who waits for the result of which request, by its id. A result should be an object, and is what the server sent. */
export type PendingResults = Map<unknown, (result: unknown) => void>;

/** Whether a message is a response that someone waits for, and that the library need not see. */
export function isAwaited(message: JsonObject, pending: PendingResults): boolean {
  const { id, result, error } = message;
  if (!waiterOf(id, pending)) return false;
  // The library itself refuses what asks for more input.
  if (isJsonObject(result)) return result["resultType"] !== "input_required";
  return result !== undefined || (error !== undefined && error !== null);
}

/**
 * What of a message the library must see, in a list of one; an empty list if that is nothing. Its result is given to who
 * waits for it.
 * @param maxBytes how much of it may remain
 */
export function shortenMessage(message: unknown, pending: PendingResults, maxBytes: number): JsonObject[] {
  if (!isJsonObject(message)) return [];
  const { id, result, error, method } = message;
  if (typeof id !== "number" && (typeof id !== "string" || id.length > MAX_ID_LENGTH)) return [];
  const take = waiterOf(id, pending);
  const isFailed = error !== undefined && error !== null;
  if (isJsonObject(result) || (take && result !== undefined && !isFailed)) {
    take?.(result);
    const short = isJsonObject(result) ? shortResult(result, maxBytes) : {};
    return [{ jsonrpc: "2.0", id, result: take && !("tools" in short) ? { ...short, content: [] } : short }];
  }
  if (isFailed) return [{ jsonrpc: "2.0", id, error: shortError(error, maxBytes) }];
  return typeof method === "string" ? [{ jsonrpc: "2.0", id, method: method.slice(0, MAX_ID_LENGTH) }] : [];
}

/** Some servers give the number of a request back as text. */
function waiterOf(id: unknown, pending: PendingResults): ((result: unknown) => void) | undefined {
  return pending.get(id) ?? (typeof id === "string" && id !== "" ? pending.get(Number(id)) : undefined);
}

/** A failure as the protocol has it, whatever the server made of it. */
function shortError(error: unknown, maxBytes: number): JsonObject {
  const { code, message } = isJsonObject(error) ? error : { code: 0, message: error };
  // Of an object no number could be asked: it may have a `valueOf` of its own.
  const number = typeof code === "string" ? Number(code) : code;
  const words = typeof message === "string" ? message : JSON.stringify(message ?? error);
  return {
    code: typeof number === "number" && Number.isInteger(number) ? number : 0,
    message: cutText(words, maxBytes),
  };
}

/**
 * What the library looks at in a result, without what the result is about, and without members that it would refuse the
 * whole result for.
 */
function shortResult(result: JsonObject, maxBytes: number): JsonObject {
  const short: Record<string, unknown> = {};
  let room = maxBytes;
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (name === "tools") short[name] = [];
    if (LEFT_OUT.has(name) || (name === "_meta" && !isJsonObject(value))) continue;
    room -= name.length;
    if (room < 0) break;
    const size = toJson(value).length;
    if (size > room) continue;
    room -= size;
    short[name] = value;
  }
  return short;
}
