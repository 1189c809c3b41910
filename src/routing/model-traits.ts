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

/** What a key says by itself. */
interface Key {
  /** Folded. */
  readonly name: string;
  readonly isModel: boolean;
  readonly isCarrier: boolean;
  readonly isFallback: boolean;
}

/** What the keys of one text say: in a long one the same few come again, and looking them up costs a fifth of folding them. */
export type KnownKeys = Map<string, Key>;

const MAX_KNOWN_KEYS = 1000;

function keyOf(key: string, knownKeys: KnownKeys): Key {
  const known = knownKeys.get(key);
  if (known) return known;
  const name = foldMember(key);
  const made = {
    name,
    isModel: isModelMember(key),
    isCarrier: CARRIERS.has(name),
    isFallback: /fallbacks?$/.test(name),
  };
  if (knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, made);
  return made;
}

/**
 * What is known of the value of a key.
 * @param known the keys of the same text so far, which it adds to
 * @param container what is known of the object that the key is in
 * @param members further outermost members that name a model
 */
export function traitsOf(
  key: string,
  known: KnownKeys,
  container: number,
  members: ReadonlySet<string> | undefined,
): number {
  const { name, isModel, isCarrier, isFallback } = keyOf(key, known);
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
