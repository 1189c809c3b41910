import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { booleanOf } from "../core/json/values.ts";

/** What models take in and give out, as clients know it. */
const MODALITIES = ["text", "image", "audio", "video"] as const;
export type Modality = (typeof MODALITIES)[number];

/** Each in the order of {@link MODALITIES}; empty if it is not told. */
export interface Modalities {
  readonly input: readonly Modality[];
  readonly output: readonly Modality[];
}

const INPUTS = ["input_modalities", "inputModalities", "supported_input_modalities", "input"];
const OUTPUTS = ["output_modalities", "outputModalities", "supported_output_modalities", "output"];

/** Flags of what a model takes beside text. */
const FLAGS: readonly (readonly [flag: string, modality: Modality])[] = [
  // Mistral
  ["vision", "image"],
  ["audio", "audio"],
  // Anthropic
  ["image_input", "image"],
  // Moonshot
  ["supports_image_in", "image"],
  ["supports_video_in", "video"],
  // Fireworks
  ["supports_image_input", "image"],
];

/** Reads what a provider's entry says of what a model takes in and gives out; undefined if it says nothing. */
export function readModalities(entry: JsonObject): Modalities | undefined {
  const { modalities, architecture, capabilities } = entry;
  for (const holder of [modalities, architecture, entry]) {
    const read = isJsonObject(holder) ? readLists(holder) : undefined;
    if (read) return read;
  }
  return readFlags(isJsonObject(capabilities) ? capabilities : entry);
}

function readLists(holder: JsonObject): Modalities | undefined {
  const inputs = firstList(holder, INPUTS);
  const outputs = firstList(holder, OUTPUTS);
  if (!inputs && !outputs) return undefined;
  const input = readList(inputs);
  const output = readList(outputs);
  return input.length === 0 && output.length === 0 ? undefined : { input, output };
}

function firstList(holder: JsonObject, members: readonly string[]): readonly unknown[] | undefined {
  for (const member of members) {
    const value = holder[member];
    if (Array.isArray(value)) return value;
  }
  return undefined;
}

function readList(list: readonly unknown[] = []): readonly Modality[] {
  return modalitiesOf(list.map((word) => (typeof word === "string" ? word.toLowerCase() : "")));
}

/** Those of these words that are, each once. */
function modalitiesOf(words: readonly string[]): readonly Modality[] {
  return MODALITIES.filter((modality) => words.includes(modality));
}

/** Only of models that chat: others have the same flags, and do not write text. */
function readFlags(holder: JsonObject): Modalities | undefined {
  const further: Modality[] = [];
  let isKnown = false;
  for (const [flag, modality] of FLAGS) {
    const value = readFlag(holder[flag]);
    if (value === undefined) continue;
    isKnown = true;
    if (value) further.push(modality);
  }
  return isKnown && holder["completion_chat"] !== false ? textAnd(further) : undefined;
}

/** Anthropic's flags are objects: `{"supported": true}`. */
function readFlag(value: unknown): boolean | undefined {
  return booleanOf(isJsonObject(value) ? value["supported"] : value);
}

/** Of a model that answers in text. @param further what it takes beside text */
export function textAnd(further: readonly Modality[]): Modalities {
  return { input: modalitiesOf(["text", ...further]), output: ["text"] };
}
