import { isSameWord } from "../core/json/member-watch.ts";
import { foldMember, isModelMember } from "./model-names.ts";

// What is known of a value by the member that it belongs to. The elements of an array are what the array is.
/** Strings within name models: it belongs to a member such as `model` or `models`. */
export const NAMES_MODELS = 1;
/** A model named here is the one that the request is for. */
export const DECIDES = 2;
/** It is the outermost value, or an element of it. */
export const OUTERMOST = 4;
/** It belongs to a member `audio`. */
const AUDIO = 8;
/** It is the user's data, in which nothing is searched for. */
export const IS_DATA = 16;
/** It belongs to a member such as `fallbacks`, which may be a dictionary: `[{"a": ["b", "c"]}]` of LiteLLM. */
export const FALLBACKS = 32;

/** Members that name the model in an object for it, as in `models: [{"id": "x"}]`. */
const NAME_WITHIN = new Set(["id", "name", "slug"]);

/**
 * Members that carry the request proper, or a part of it that has a model of its own: of realtime sessions, of batches
 * (a line's `body`, Anthropic's `requests[].params`), of Google's wrapped requests, of evaluations.
 */
const CARRIERS = new Set([
  "session",
  "response",
  "audio",
  "transcription",
  "inputaudiotranscription",
  "body",
  "params",
  "request",
  "requests",
  "generatecontentrequest",
  "datasource",
  "testingcriteria",
  "grader",
]);

/**
 * Members whose content is the user's, as the formats behind the `/v1` routes define them: conversations, documents,
 * schemas, free data. No provider looks for a model there.
 */
export const DATA = new Set([
  "messages",
  "input",
  "content",
  "documents",
  "prediction",
  "variables",
  "metadata",
  "parameters",
  "input_schema",
  "output_schema",
  "input_examples",
  "json_schema",
  "schema",
]);

/** Members of a fallback that hold lists of strings and no models. */
const OTHER_LISTS = new Set(["stop", "modalities", "include"]);

/** What a key says by itself. */
export interface Key {
  /** Folded. */
  readonly name: string;
  readonly isModel: boolean;
  readonly isCarrier: boolean;
  readonly isFallback: boolean;
  /** What it has is in {@link DATA}. */
  readonly isData: boolean;
  /** As a member of a fallback, it names no models. */
  readonly isOtherList: boolean;
}

function readKey(key: string): Key {
  const name = foldMember(key);
  return {
    name,
    isModel: isModelMember(key),
    isCarrier: CARRIERS.has(name),
    isFallback: /fallbacks?$/.test(name),
    isData: DATA.has(key),
    isOtherList: OTHER_LISTS.has(key),
  };
}

interface UsualKey {
  readonly bytes: Buffer;
  readonly key: Key;
}

/** Keys that nearly every request has, by their lengths. They say what they would say without this list. */
const USUAL_KEYS: readonly (readonly UsualKey[] | undefined)[] = byLength(
  [
    "model messages input instructions system prompt stream stream_options include_usage temperature top_p top_k stop n",
    "max_tokens max_completion_tokens max_output_tokens seed frequency_penalty presence_penalty logit_bias logprobs",
    "user store metadata service_tier tools tool_choice parallel_tool_calls response_format reasoning reasoning_effort",
    "effort thinking budget_tokens type function name description parameters input_schema strict format text verbosity",
    "cache_control prompt_cache_key safety_identifier previous_response_id",
  ].flatMap((keys) => keys.split(" ")),
);

function byLength(keys: readonly string[]): UsualKey[][] {
  const lists: UsualKey[][] = [];
  for (const key of keys) (lists[key.length] ??= []).push({ bytes: Buffer.from(key), key: readKey(key) });
  return lists;
}

/** The keys of one text: in a long one the same few come again, and looking them up costs a fifth of folding them. */
export interface KeyMemory {
  /** Undefined before the first that is not usual. */
  known: Map<string, Key> | undefined;
}

const MAX_KNOWN_KEYS = 1000;

/** A longer key, escapes included, is none of ours. */
const MAX_KEY_BYTES = 256;

const OTHER_KEY = readKey("");

/**
 * What the key in `[start, end)` of a text says, its quotes included. A usual one is known by its bytes, which takes a
 * tenth of the time that its text does.
 * @param memory of the same text so far, which it adds to
 */
export function keyAt(json: Buffer, start: number, end: number, memory: KeyMemory): Key {
  const usual = usualKey(json, start + 1, end - 1);
  if (usual) return usual;
  if (end - start > MAX_KEY_BYTES) return OTHER_KEY;
  const key = readString(json, start, end);
  const known = memory.known?.get(key);
  if (known) return known;
  const read = readKey(key);
  memory.known ??= new Map();
  if (memory.known.size < MAX_KNOWN_KEYS) memory.known.set(key, read);
  return read;
}

function usualKey(json: Buffer, start: number, end: number): Key | undefined {
  const candidates = USUAL_KEYS[end - start];
  if (!candidates) return undefined;
  for (let index = 0; index < candidates.length; index++) {
    const { bytes, key } = candidates[index] as UsualKey;
    if (isSameWord(json, start, end, bytes, 0)) return key;
  }
  return undefined;
}

/** The string in `[start, end)`, its quotes included. */
export function readString(json: Buffer, start: number, end: number): string {
  const text = json.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
}

/**
 * What is known of the value of a key.
 * @param container what is known of the object that the key is in
 * @param members further outermost members that name a model
 */
export function traitsOf(
  { name, isModel, isCarrier, isFallback }: Key,
  container: number,
  members: ReadonlySet<string> | undefined,
): number {
  const names =
    isModel ||
    ((container & OUTERMOST) !== 0 && members?.has(name) === true) ||
    ((container & NAMES_MODELS) !== 0 && NAME_WITHIN.has(name));
  const carries = names || isCarrier || ((container & AUDIO) !== 0 && name === "input");
  return (
    (names ? NAMES_MODELS : 0) |
    (carries ? container & DECIDES : 0) |
    (name === "audio" ? AUDIO : 0) |
    (isFallback ? FALLBACKS : 0)
  );
}
