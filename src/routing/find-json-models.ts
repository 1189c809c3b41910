import { Failure } from "../core/errors.ts";
import { skipSpace, skipString } from "../core/json/scan.ts";
import { openTurns } from "../core/next-turn.ts";
import { foldMember, isModelMember, type ModelNames } from "./model-names.ts";

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

// What is known of a value by the member that it belongs to. The elements of an array are what the array is.
/** Strings within name models: it belongs to a member such as `model` or `models`. */
const NAMES_MODELS = 1;
/** A model named here is the one that the request is for. */
const DECIDES = 2;
/** It is the outermost value, or an element of it. */
const OUTERMOST = 4;
/** It belongs to a member `audio`. */
const AUDIO = 8;
/** It is in one of {@link DATA}, where nothing is looked for. */
const IS_DATA = 16;

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
const DATA = new Set([
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

/** A longer key, escapes included, is none of ours. */
const MAX_KEY_BYTES = 256;

/** What a key says by itself. */
interface Key {
  /** Folded. */
  readonly name: string;
  readonly isModel: boolean;
  readonly isCarrier: boolean;
}

/** Requests have the same few keys: looking them up costs a fifth of folding them. */
const knownKeys = new Map<string, Key>();
const MAX_KNOWN_KEYS = 1000;

function keyOf(key: string): Key {
  const known = knownKeys.get(key);
  if (known) return known;
  const name = foldMember(key);
  const made = { name, isModel: isModelMember(key), isCarrier: CARRIERS.has(name) };
  if (knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, made);
  return made;
}

export interface JsonModelOptions {
  /** Leaves out what is in {@link DATA}: right only if the format is known to be that of a `/v1` route. */
  readonly skipsData: boolean;
  /** Further outermost members that name a model. */
  readonly members?: ReadonlySet<string> | undefined;
  /** Aborted once nobody waits for the result, such as the request of a client that left; asked between turns. */
  readonly stop?: { readonly signal: { readonly aborted: boolean } };
}

/** How far one pass over the bytes has come. */
interface ModelScan {
  readonly json: Buffer;
  readonly found: ModelNames;
  readonly options: JsonModelOptions;
  position: number;
  /** What is known of the arrays and objects around the innermost open one. */
  readonly open: number[];
  /** What is known of the innermost open one. */
  container: number;
  /** What is known of the value under way. */
  value: number;
}

/** A text up to this size is searched at once, which takes at most 10 ms: many different keys. */
const MAX_WHOLE_BYTES = 64 * 1024;

/** Bytes searched between two checks of the clock. */
const SLICE_BYTES = 16 * 1024;

/**
 * Finds every name of a model in a JSON text, however deep, and also if a member occurs twice and a parser would keep
 * one of the two. One pass over the bytes, which must have passed `JSON.parse`. A long text is searched in turns of the
 * event loop, and only then is there a promise.
 * @throws Failure `invalid_request` for too many names; `client_gone` once stopped.
 */
export function findJsonModels(json: Buffer, found: ModelNames, options: JsonModelOptions): Promise<void> | undefined {
  const top = OUTERMOST | DECIDES;
  const scan: ModelScan = { json, found, options, position: 0, open: [], container: top, value: top };
  if (json.length > MAX_WHOLE_BYTES) return searchInTurns(scan);
  searchOn(scan, json.length);
  return undefined;
}

async function searchInTurns(scan: ModelScan): Promise<void> {
  const { json, options } = scan;
  const turns = openTurns();
  while (scan.position < json.length) {
    searchOn(scan, Math.min(scan.position + SLICE_BYTES, json.length));
    if (!turns.isOver()) continue;
    await turns.next();
    if (options.stop?.signal.aborted) throw new Failure("client_gone");
  }
}

/** Searches on to `stopAt`, or behind the string that reaches beyond it. */
function searchOn(scan: ModelScan, stopAt: number): void {
  const { json, found, options, open } = scan;
  let { position, container, value } = scan;
  while (position < stopAt) {
    const byte = json[position] as number;
    if (byte === QUOTE) {
      const start = position;
      position = skipString(json, start);
      if ((container & IS_DATA) !== 0) continue;
      const end = position;
      const next = skipSpace(json, end);
      if (json[next] === COLON) {
        position = skipSpace(json, next + 1);
        const key = end - start > MAX_KEY_BYTES ? "" : readString(json, start, end);
        value = options.skipsData && DATA.has(key) ? IS_DATA : traitsOf(key, container, options.members);
      } else if ((value & NAMES_MODELS) !== 0) {
        const name = readString(json, start, end);
        if (name !== "") found.add(name, (value & DECIDES) !== 0);
      }
      continue;
    }
    position++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      open.push(container);
      container = value;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      value = container = open.pop() ?? 0;
    } else if (byte === COMMA) {
      value = container;
    }
  }
  scan.position = position;
  scan.container = container;
  scan.value = value;
}

/** What is known of the value of a key of `container`. */
function traitsOf(key: string, container: number, members: ReadonlySet<string> | undefined): number {
  const { name, isModel, isCarrier } = keyOf(key);
  const names =
    isModel ||
    ((container & OUTERMOST) !== 0 && members?.has(name) === true) ||
    ((container & NAMES_MODELS) !== 0 && NAME_WITHIN.has(name));
  const carries = names || isCarrier || ((container & AUDIO) !== 0 && name === "input");
  return (names ? NAMES_MODELS : 0) | (carries ? container & DECIDES : 0) | (name === "audio" ? AUDIO : 0);
}

/** The string in `[start, end)`, its quotes included. */
function readString(json: Buffer, start: number, end: number): string {
  const text = json.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
}
