import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/**
 * Members that hold the longest input of a model, in tokens, by path; the first that is there counts. What a running
 * server was started with is before what the model could take.
 */
const CONTEXT_WINDOWS: readonly (readonly string[])[] = [
  ["context_window"],
  // LM Studio
  ["loaded_context_length"],
  ["context_length"],
  ["contextLength"],
  ["context_size"],
  ["max_context_length"],
  // vLLM
  ["max_model_len"],
  ["max_input_tokens"],
  // Gemini
  ["inputTokenLimit"],
  // llama.cpp
  ["meta", "n_ctx"],
  ["meta", "n_ctx_train"],
  // GitHub Models
  ["limits", "max_input_tokens"],
  // OpenRouter
  ["top_provider", "context_length"],
  // LiteLLM
  ["model_info", "max_input_tokens"],
];

/** What `?include=` can add to a model, read from its provider's entry; undefined if the provider does not say. */
const READERS = {
  context_window: (entry: JsonObject) => firstAt(entry, CONTEXT_WINDOWS),
  pricing: (entry: JsonObject) => firstOf(entry, ["pricing", "price"]),
  modalities: (entry: JsonObject) => {
    const architecture = entry["architecture"];
    return (
      firstOf(entry, ["modalities"]) ??
      (isJsonObject(architecture) ? readModalities(architecture) : readModalities(entry))
    );
  },
} as const;

export type ModelExtra = keyof typeof READERS;

export const MODEL_EXTRAS = Object.keys(READERS) as readonly ModelExtra[];

export type ModelExtras = { readonly [Extra in ModelExtra]?: unknown };

// Room for a table of prices, and little enough to be written for every model in every answer.
const MAX_VALUES = 200;
const MAX_DEPTH = 6;
const MAX_CHARACTERS = 4096;

/** Everything that clients can ask for of one model; what is larger than any price table is left out. */
export function readExtras(entry: JsonObject): ModelExtras {
  const extras: { -readonly [Extra in ModelExtra]?: unknown } = {};
  for (const extra of MODEL_EXTRAS) {
    const value = READERS[extra](entry);
    if (value !== undefined && isSmall(value, { values: MAX_VALUES, characters: MAX_CHARACTERS }, MAX_DEPTH)) {
      extras[extra] = value;
    }
  }
  return extras;
}

function isSmall(value: unknown, left: { values: number; characters: number }, depth: number): boolean {
  if (--left.values < 0 || depth === 0) return false;
  if (typeof value === "string") return (left.characters -= value.length) >= 0;
  if (typeof value !== "object" || value === null) return true;
  for (const key in value) {
    if ((left.characters -= key.length) < 0 || !isSmall((value as JsonObject)[key], left, depth - 1)) return false;
  }
  return true;
}

function firstOf(entry: JsonObject, members: readonly string[]): unknown {
  const member = members.find((name) => entry[name] !== undefined && entry[name] !== null);
  return member === undefined ? undefined : entry[member];
}

function firstAt(entry: JsonObject, paths: readonly (readonly string[])[]): unknown {
  for (const path of paths) {
    const value = path.reduce<unknown>((holder, member) => (isJsonObject(holder) ? holder[member] : undefined), entry);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function readModalities(source: JsonObject): unknown {
  const input = source["input_modalities"];
  const output = source["output_modalities"];
  return input === undefined && output === undefined ? undefined : { input: input ?? null, output: output ?? null };
}
