import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { type ModelExtras, readExtras } from "./model-extras.ts";
import { findNextPage } from "./model-list-pages.ts";
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
  readonly next?: Readonly<Record<string, string>> | undefined;
}

/** A longer id, or one with control characters, names no model. */
const MODEL_ID = /^[^\p{Cc}]{1,256}$/u;

/** An owner is a word or two. */
const MAX_OWNER_LENGTH = 256;

/** How the lists of one shape name their models, and what their ids lose. */
interface ShapeRow {
  /** The members of an entry that may hold its id, the first of them first. */
  readonly ids: readonly string[];
  readonly prefix?: RegExp;
}

const IDS = ["id", "name", "model", "modelId", "inferenceProfileId", "model_id", "model_name", "slug"];

const SHAPES: Readonly<Record<ListingShape, ShapeRow>> = {
  openai: { ids: IDS },
  anthropic: { ids: IDS },
  google: { ids: IDS, prefix: /^models\// },
  bedrock: { ids: ["modelId", "inferenceProfileId"] },
  vertex: { ids: ["name"], prefix: /^publishers\/[^/]+\/models\// },
  // Their `id`, if there is one, is not what requests name.
  cohere: { ids: ["name", ...IDS] },
  cloudflare: { ids: ["name", ...IDS] },
  databricks: { ids: ["name", ...IDS] },
};

/**
 * Where answers have their lists, the first of them first: llama.cpp sends `data` and `models`, of which the latter is
 * Ollama's. Beside `data` (OpenAI) and `models` (Ollama, Cohere, Gemini, xAI): `result` (Cloudflare), `results`
 * (Replicate), `items`, `modelSummaries` and `inferenceProfileSummaries` (Bedrock), `publisherModels` (Vertex AI), `resources` (watsonx), `endpoints` (Databricks).
 */
const LISTS = [
  "data",
  "models",
  "result",
  "results",
  "items",
  "modelSummaries",
  "inferenceProfileSummaries",
  "publisherModels",
  "resources",
  "endpoints",
];

/** Lists are within objects of these names at most so deep, as in `{"data": {"models": []}}`. */
const MAX_LIST_DEPTH = 2;

/**
 * Reads one page of a provider's model list, whatever it is called there. Entries without a sane id are left out.
 * @param maxEntries a longer page is not read: an entry takes about 1 µs
 * @returns undefined if no list is found in the answer.
 */
export function readModels(
  shape: ListingShape,
  answer: unknown,
  maxEntries: number,
): ModelPage | "too_long" | undefined {
  const list = findList(answer, MAX_LIST_DEPTH);
  if (!list) return undefined;
  if (list.length > maxEntries) return "too_long";
  const models = list.flatMap((entry) => readModel(SHAPES[shape], entry) ?? []);
  return { models, next: isJsonObject(answer) ? findNextPage(shape, answer, models.at(-1)?.id) : undefined };
}

function findList(answer: unknown, depth: number): readonly unknown[] | undefined {
  if (Array.isArray(answer)) return answer;
  if (!isJsonObject(answer)) return undefined;
  let isEmpty = false;
  for (const member of LISTS) {
    const value = answer[member];
    // An Ollama server without models says `"data": null`.
    if (value === null) isEmpty = true;
    const list = depth > 0 || Array.isArray(value) ? findList(value, depth - 1) : undefined;
    if (list) return list;
  }
  return isEmpty ? [] : undefined;
}

function readModel({ ids, prefix }: ShapeRow, entry: unknown): ListedModel | undefined {
  if (typeof entry === "string") return readModel({ ids: ["id"], ...(prefix && { prefix }) }, { id: entry });
  if (!isJsonObject(entry)) return undefined;
  const id = firstText(entry, ids);
  if (id === undefined || !MODEL_ID.test(id)) return undefined;
  const owner = firstText(entry, OWNERS);
  return {
    id: prefix ? id.replace(prefix, "") : id,
    created: readCreated(entry),
    ownedBy: owner !== undefined && owner.length <= MAX_OWNER_LENGTH ? owner : undefined,
    displayName: readDisplayName(entry),
    extras: readExtras(entry),
  };
}

const OWNERS = ["owned_by", "ownedBy", "organization", "publisher", "owner"];

/** The first of some members that is a text, and not an empty one. */
function firstText(entry: JsonObject, members: readonly string[]): string | undefined {
  for (const member of members) {
    const value = entry[member];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

const CREATED = ["created", "created_at", "createdAt", "modified_at"];

function readDisplayName({ display_name: name }: JsonObject): string | undefined {
  return typeof name === "string" && MODEL_ID.test(name) ? name : undefined;
}

const MAX_DATE_LENGTH = 64;

/** As seconds this is the year 5138, as milliseconds 1973: a greater number is in a finer unit. */
const MAX_SECONDS = 1e11;

/** When a model was made: as a number in seconds or any finer unit, as such a number in a text, or as a date. */
function readCreated(entry: JsonObject): number {
  for (const member of CREATED) {
    const seconds = readTime(entry[member]);
    if (seconds) return seconds;
  }
  return 0;
}

function readTime(value: unknown): number | undefined {
  if (typeof value === "number") {
    if (!Number.isFinite(value) || value < 0) return undefined;
    let seconds = value;
    while (seconds > MAX_SECONDS) seconds /= 1000;
    return Math.trunc(seconds);
  }
  if (typeof value !== "string" || value.length > MAX_DATE_LENGTH) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return readTime(Number(value));
  const milliseconds = Date.parse(value.includes("T") ? value : `${value.replace(" ", "T")}Z`);
  return Number.isNaN(milliseconds) ? undefined : Math.trunc(milliseconds / 1000);
}
