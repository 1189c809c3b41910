import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/** What `?include=` can add to a model, read from its provider's entry; undefined if the provider does not say. */
const READERS = {
  context_window: (entry: JsonObject) =>
    firstOf(entry, ["context_window", "context_length", "max_context_length", "max_model_len", "max_input_tokens"]),
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

function readModalities(source: JsonObject): unknown {
  const input = source["input_modalities"];
  const output = source["output_modalities"];
  return input === undefined && output === undefined ? undefined : { input: input ?? null, output: output ?? null };
}
