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

/** What a key says by itself. */
interface Key {
  /** Folded. */
  readonly name: string;
  readonly isModel: boolean;
  readonly isCarrier: boolean;
  readonly isFallback: boolean;
}

/** What the keys of one text say: in a long one the same few come again, and looking them up costs a fifth of folding them. */
export interface KeyMemory {
  /** Undefined before the first that is not usual. */
  known: Map<string, Key> | undefined;
}

const MAX_KNOWN_KEYS = 1000;

const readKey = (key: string): Key => {
  const name = foldMember(key);
  return { name, isModel: isModelMember(key), isCarrier: CARRIERS.has(name), isFallback: /fallbacks?$/.test(name) };
};

/** Keys that nearly every request has, read once. What they say is what it would be without this list. */
const USUAL_KEYS: ReadonlyMap<string, Key> = new Map(
  [
    "model messages input instructions system prompt stream stream_options include_usage temperature top_p top_k stop n",
    "max_tokens max_completion_tokens max_output_tokens seed frequency_penalty presence_penalty logit_bias logprobs",
    "user store metadata service_tier tools tool_choice parallel_tool_calls response_format reasoning reasoning_effort",
    "effort thinking budget_tokens type function name description parameters input_schema strict format text verbosity",
    "cache_control prompt_cache_key safety_identifier previous_response_id",
  ].flatMap((keys) => keys.split(" ").map((key) => [key, readKey(key)] as const)),
);

function keyOf(key: string, memory: KeyMemory): Key {
  const known = USUAL_KEYS.get(key) ?? memory.known?.get(key);
  if (known) return known;
  const read = readKey(key);
  const { size } = (memory.known ??= new Map());
  if (size < MAX_KNOWN_KEYS) memory.known.set(key, read);
  return read;
}

/**
 * What is known of the value of a key.
 * @param memory the keys of the same text so far, which it adds to
 * @param container what is known of the object that the key is in
 * @param members further outermost members that name a model
 */
export function traitsOf(
  key: string,
  memory: KeyMemory,
  container: number,
  members: ReadonlySet<string> | undefined,
): number {
  const { name, isModel, isCarrier, isFallback } = keyOf(key, memory);
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
