import { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { isSet } from "../../core/json/values.ts";

/** Which part of a list is asked for: https://platform.openai.com/docs/api-reference/responses/input-items */
export interface Page {
  /** The id of the item before it, in the order that is asked for; null for the beginning. */
  readonly after: string | null;
  readonly limit: number;
  readonly isAscending: boolean;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** @throws Failure `invalid_request` */
export function readPage(query: URLSearchParams): Page {
  const limit = query.get("limit") ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw new Failure("invalid_request", { message: `limit must be from 1 to ${MAX_LIMIT}`, param: "limit" });
  }
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") {
    throw new Failure("invalid_request", { message: "order must be asc or desc", param: "order" });
  }
  return { after: query.get("after"), limit: Number(limit), isAscending: order === "asc" };
}

/**
 * One page of the items that a response was made from.
 * @param items oldest first, each with an id
 * @throws Failure `item_not_found` if there is no item behind which to begin
 */
export function listInput(items: readonly JsonObject[], { after, limit, isAscending }: Page): JsonObject {
  const ordered = isAscending ? items : items.toReversed();
  const position = after === null ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== null && position < 0) {
    throw new Failure("item_not_found", { message: `Item with id '${after}' not found.`, param: "after" });
  }
  const start = position + 1;
  const data = ordered.slice(start, start + limit).map(toFullItem);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: start + limit < ordered.length,
  };
}

/** A message as the API lists it: with its type, and its content as a list of parts. */
function toFullItem(item: JsonObject): JsonObject {
  const { type, role, content } = item;
  if (isSet(type) ? type !== "message" : !isSet(role)) return item;
  const part = role === "assistant" ? { type: "output_text", annotations: [] } : { type: "input_text" };
  const parts = typeof content === "string" ? [{ ...part, text: content }] : content;
  return { status: "completed", ...item, type: "message", content: parts };
}
