import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { ListingShape } from "./provider-row.ts";

/**
 * Members that hold a token for the next page, by the parameter that takes it. Cohere: `next_page_token`
 * (https://docs.cohere.com/reference/list-models). Google: `nextPageToken` (https://ai.google.dev/api/models). Bedrock:
 * `nextToken`.
 */
const TOKENS: readonly (readonly [member: string, parameter: string])[] = [
  ["next_page_token", "page_token"],
  ["nextPageToken", "pageToken"],
  ["next_token", "next_token"],
  ["nextToken", "nextToken"],
  ["next_cursor", "cursor"],
  ["nextCursor", "cursor"],
  ["next_page", "page"],
  ["nextPage", "page"],
];

/** Members with the address of the next page, or an object that holds it in `href` or `next`. */
const ADDRESSES = ["next", "next_url", "next_page_url", "links", "_links", "paging"];

/** Objects beside the list that say where the next page is. */
const PAGINATION = ["pagination", "meta", "page_info"];

const MAX_TOKEN_LENGTH = 4096;

type Parameters = Readonly<Record<string, string>>;

/**
 * How to ask for the page after this one: query parameters only, so that no answer leads to another address.
 * @param lastId the id of the last model on it
 * @returns undefined if it is the last one
 */
export function findNextPage(
  shape: ListingShape,
  page: JsonObject,
  lastId: string | undefined,
): Parameters | undefined {
  return findNext(page) ?? findNumber(page) ?? findAfter(shape, page, lastId);
}

function findNext(page: JsonObject): Parameters | undefined {
  for (const holder of [page, ...PAGINATION.map((member) => page[member])]) {
    if (!isJsonObject(holder)) continue;
    for (const [member, parameter] of TOKENS) {
      const token = readToken(holder[member]);
      if (token === undefined) continue;
      // Some write an address where others write a token.
      return readAddress(token) ?? { [parameter]: token };
    }
    for (const member of ADDRESSES) {
      const next = readAddress(holder[member]);
      if (next) return next;
    }
  }
  return undefined;
}

function readToken(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" && value.length <= MAX_TOKEN_LENGTH ? value : undefined;
}

/** The query of an address. */
function readAddress(value: unknown): Parameters | undefined {
  if (isJsonObject(value)) return readAddress(value["next"] ?? value["href"]);
  if (typeof value !== "string" || value.length > MAX_TOKEN_LENGTH) return undefined;
  if (!/^(?:https?:\/\/|\/|\?)/i.test(value) || !value.includes("?")) return undefined;
  return Object.fromEntries(new URLSearchParams(value.slice(value.indexOf("?"))));
}

/** Cloudflare's `result_info` numbers the pages. https://developers.cloudflare.com/api/resources/ai */
function findNumber({ result_info: info }: JsonObject): Parameters | undefined {
  if (!isJsonObject(info)) return undefined;
  const { page, total_pages: total } = info;
  return typeof page === "number" && typeof total === "number" && page < total ? { page: String(page + 1) } : undefined;
}

/**
 * The lists of OpenAI and Anthropic say `has_more`, and go on behind a model's id.
 * https://platform.openai.com/docs/api-reference, https://docs.anthropic.com/en/api/models-list
 */
function findAfter(shape: ListingShape, page: JsonObject, lastId: string | undefined): Parameters | undefined {
  if (page["has_more"] !== true && page["hasMore"] !== true) return undefined;
  const last = readToken(page["last_id"]) ?? readToken(page["lastId"]) ?? lastId;
  return last === undefined ? undefined : { [shape === "anthropic" ? "after_id" : "after"]: last };
}
