import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { type ModelExtras, readExtras } from "./model-extras.ts";
import type { ListingShape } from "./provider-row.ts";

/** One model as its provider lists it, in the gateway's words. */
export interface ListedModel {
  /** The provider's own id, without the gateway's prefix. */
  readonly id: string;
  /** Unix time in seconds; 0 if the provider does not say. */
  readonly created: number;
  readonly ownedBy: string | undefined;
  /** A name for people; absent if the provider gives none. */
  readonly displayName?: string | undefined;
  /** What only some clients ask for. */
  readonly extras: ModelExtras;
}

export interface ModelPage {
  readonly models: readonly ListedModel[];
  /** Query parameters that ask for the next page; absent on the last one. */
  readonly next?: Readonly<Record<string, string>>;
}

/** A longer id, or one with control characters, names no model. */
const MODEL_ID = /^[^\p{Cc}]{1,256}$/u;

/** An owner is a word or two. */
const MAX_OWNER_LENGTH = 256;

/**
 * Reads one page of a provider's model list. Entries without a sane id are left out.
 * @returns undefined if the answer does not have the provider's shape at all.
 */
export function readModels(shape: ListingShape, answer: unknown): ModelPage | undefined {
  return READERS[shape](answer);
}

const READERS: Readonly<Record<ListingShape, (answer: unknown) => ModelPage | undefined>> = {
  openai: (answer) => readList(listOf(answer, "data"), "id"),
  google: (answer) => readList(listOf(answer, "data"), "id", (id) => id.replace(/^models\//, "")),
  // https://docs.anthropic.com/en/api/models-list: `has_more` and `last_id` lead to the next page.
  anthropic: (answer) => {
    const page = readList(listOf(answer, "data"), "id");
    if (!page || !isJsonObject(answer) || answer["has_more"] !== true) return page;
    const lastId = answer["last_id"];
    return typeof lastId === "string" ? { ...page, next: { after_id: lastId } } : page;
  },
  // https://docs.cohere.com/reference/list-models: `next_page_token` leads to the next page.
  cohere: (answer) => {
    const page = readList(listOf(answer, "models"), "name");
    const token = isJsonObject(answer) ? answer["next_page_token"] : undefined;
    return page && typeof token === "string" && token !== "" ? { ...page, next: { page_token: token } } : page;
  },
  // https://developers.cloudflare.com/api/resources/ai: `result_info` numbers the pages.
  cloudflare: (answer) => {
    const page = readList(listOf(answer, "result"), "name");
    const info = isJsonObject(answer) ? answer["result_info"] : undefined;
    if (!page || !isJsonObject(info)) return page;
    const { page: number, total_pages: total } = info;
    const more = typeof number === "number" && typeof total === "number" && number < total;
    return more ? { ...page, next: { page: String(number + 1) } } : page;
  },
};

function listOf(answer: unknown, member: string): readonly unknown[] | undefined {
  if (Array.isArray(answer)) return answer;
  const list = isJsonObject(answer) ? answer[member] : undefined;
  // An Ollama server without models says `"data": null`.
  if (list === null) return [];
  return Array.isArray(list) ? list : undefined;
}

function readList(
  list: readonly unknown[] | undefined,
  idMember: string,
  readId: (id: string) => string = (id) => id,
): ModelPage | undefined {
  if (!list) return undefined;
  const models = list.flatMap((entry): ListedModel[] => {
    const id = isJsonObject(entry) ? entry[idMember] : undefined;
    if (!isJsonObject(entry) || typeof id !== "string" || !MODEL_ID.test(id)) return [];
    const owner = entry["owned_by"];
    const hasOwner = typeof owner === "string" && owner !== "" && owner.length <= MAX_OWNER_LENGTH;
    const ownedBy = hasOwner ? owner : undefined;
    const displayName = readDisplayName(entry);
    return [{ id: readId(id), created: readCreated(entry), ownedBy, displayName, extras: readExtras(entry) }];
  });
  return { models };
}

function readDisplayName({ display_name: name }: JsonObject): string | undefined {
  return typeof name === "string" && MODEL_ID.test(name) ? name : undefined;
}

const MAX_DATE_LENGTH = 64;

/** `created` is Unix seconds; `created_at` is a date (Anthropic, Cloudflare). */
function readCreated(entry: JsonObject): number {
  const created = entry["created"];
  if (typeof created === "number" && Number.isFinite(created)) return Math.trunc(created);
  const date = entry["created_at"];
  const milliseconds =
    typeof date === "string" && date.length <= MAX_DATE_LENGTH
      ? Date.parse(date.includes("T") ? date : `${date.replace(" ", "T")}Z`)
      : Number.NaN;
  return Number.isNaN(milliseconds) ? 0 : Math.trunc(milliseconds / 1000);
}
