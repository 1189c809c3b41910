import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { type Modalities, readModalities } from "./model-modalities.ts";
import { readPrices, type TokenPrices } from "./model-prices.ts";

/** What `?include=` can add to a model. */
export const MODEL_EXTRAS = ["context_window", "pricing", "modalities"] as const;
export type ModelExtra = (typeof MODEL_EXTRAS)[number];

/** What is said of a model that only some clients ask for; what is not said is absent. */
export interface ModelExtras {
  /** The longest input, in tokens. */
  readonly context_window?: number;
  /** The longest one that the model can take at most; whoever serves it may have set less. */
  readonly context_limit?: number;
  readonly pricing?: TokenPrices;
  readonly modalities?: Modalities;
}

/** Members that hold the longest input of a model, in tokens, by path; the first that is there counts. */
const CONTEXT_WINDOWS: readonly (readonly string[])[] = [
  ["context_window"],
  // LM Studio
  ["loaded_context_length"],
  ["context_length"],
  ["contextLength"],
  ["context_size"],
  // vLLM
  ["max_model_len"],
  ["max_input_tokens"],
  // Gemini
  ["inputTokenLimit"],
  // llama.cpp
  ["meta", "n_ctx"],
  // GitHub Models
  ["limits", "max_input_tokens"],
  // OpenRouter
  ["top_provider", "context_length"],
  // LiteLLM
  ["model_info", "max_input_tokens"],
];

/** The same for what the model was made for, which says nothing of how it is served. */
const CONTEXT_LIMITS: readonly (readonly string[])[] = [
  // Mistral, LM Studio
  ["max_context_length"],
  // llama.cpp
  ["meta", "n_ctx_train"],
];

/** Everything that clients can ask for of one model, as its provider's entry says it. */
export function readExtras(entry: JsonObject): ModelExtras {
  const extras: { -readonly [Extra in keyof ModelExtras]: ModelExtras[Extra] } = {};
  const window = firstTokens(entry, CONTEXT_WINDOWS);
  const limit = firstTokens(entry, CONTEXT_LIMITS);
  const pricing = readPrices(entry);
  const modalities = readModalities(entry);
  // Most entries say nothing of these, and lists have thousands of entries.
  if (window !== undefined) extras.context_window = window;
  if (limit !== undefined) extras.context_limit = limit;
  if (pricing) extras.pricing = pricing;
  if (modalities) extras.modalities = modalities;
  return extras;
}

function firstTokens(entry: JsonObject, paths: readonly (readonly string[])[]): number | undefined {
  for (const path of paths) {
    let value: unknown = entry;
    for (const member of path) value = isJsonObject(value) ? value[member] : undefined;
    const tokens = value === undefined ? undefined : readTokens(value);
    if (tokens !== undefined) return tokens;
  }
  return undefined;
}

/** A number of tokens, or the text of one; undefined for anything else, and for 0, which servers say that do not know. */
export function readTokens(value: unknown): number | undefined {
  const tokens = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens > 0 ? tokens : undefined;
}
