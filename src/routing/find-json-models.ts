import { Failure } from "../core/errors.ts";
import { skipSpace, skipString } from "../core/json/bytes.ts";
import type { Member } from "../core/json/find.ts";
import type { MemberWatch, WatchedMember } from "../core/json/member-watch.ts";
import { openTurns } from "../core/event-loop.ts";
import type { ModelNames } from "./model-names.ts";
import {
  DATA,
  DECIDES,
  FALLBACKS,
  IS_DATA,
  keyAt,
  type KeyMemory,
  NAMES_MODELS,
  OUTERMOST,
  readString,
  traitsOf,
} from "./model-traits.ts";

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

export interface JsonModelOptions {
  /** Leaves out what is in {@link DATA}: right only if the format is known to be that of a `/v1` route. */
  readonly skipsData: boolean;
  /** Further outermost members that name a model. */
  readonly members?: ReadonlySet<string> | undefined;
  /**
   * What an earlier pass over the same bytes has found of the outermost members: what of them is left out is passed over
   * without a look at it, so that a long conversation takes no longer than a short one.
   */
  readonly watch?: MemberWatch | undefined;
  /** Leaves out the outermost `model` that is spelt so, as whoever asks has read it there. Takes the `watch`. */
  readonly skipsModel?: boolean;
  /** Aborted once nobody waits for the result, such as the request of a client that left; asked between turns. */
  readonly stop?: { readonly signal: { readonly aborted: boolean } };
}

/** How far one pass over the bytes has come. */
interface ModelScan extends KeyMemory {
  readonly json: Buffer;
  readonly found: Pick<ModelNames, "add">;
  readonly options: JsonModelOptions;
  position: number;
  /** The next member that is passed over: where it begins, and ends. */
  passedFrom: number;
  passedTo: number;
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
export function findJsonModels(
  json: Buffer,
  found: Pick<ModelNames, "add">,
  options: JsonModelOptions,
): Promise<void> | undefined {
  const top = OUTERMOST | DECIDES;
  const scan: ModelScan = {
    json,
    found,
    options,
    known: undefined,
    position: 0,
    passedFrom: -1,
    passedTo: 0,
    open: [],
    container: top,
    value: top,
  };
  passNext(scan);
  if (lengthToSearch(scan) > MAX_WHOLE_BYTES) return searchInTurns(scan);
  searchOn(scan, json.length);
  return undefined;
}

/** Finds the next member that is passed over. */
function passNext(scan: ModelScan): void {
  const next = nextPassed(scan.options, scan.passedTo);
  scan.passedFrom = next?.keyStart ?? -1;
  scan.passedTo = next?.valueEnd ?? scan.json.length;
}

function nextPassed({ watch, skipsData, skipsModel = false }: JsonModelOptions, from: number): Member | undefined {
  let next: Member | undefined;
  if (!watch) return next;
  const { found } = watch;
  for (let index = 0; index < found.length; index++) {
    const { name, member } = found[index] as WatchedMember;
    if (!member || member.keyStart < from || (next && next.keyStart < member.keyStart)) continue;
    if (name === "model" ? skipsModel : skipsData && DATA.has(name)) next = member;
  }
  return next;
}

function lengthToSearch({ json, options }: ModelScan): number {
  let { length } = json;
  if (length <= MAX_WHOLE_BYTES) return length;
  for (let next = nextPassed(options, 0); next; next = nextPassed(options, next.valueEnd)) {
    length -= next.valueEnd - next.keyStart;
  }
  return length;
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
      if (position === scan.passedFrom) {
        position = scan.passedTo;
        passNext(scan);
        continue;
      }
      const start = position;
      position = skipString(json, start);
      if ((container & IS_DATA) !== 0) continue;
      const end = position;
      const next = skipSpace(json, end);
      if (json[next] === COLON) {
        position = skipSpace(json, next + 1);
        const key = keyAt(json, start, end, scan);
        value = options.skipsData && key.isData ? IS_DATA : traitsOf(key, container, options.members);
        if ((container & FALLBACKS) !== 0 && !key.isOtherList && beginsList(json, position)) value |= NAMES_MODELS;
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

/** Whether a list of strings begins at `position`. */
function beginsList(json: Buffer, position: number): boolean {
  return json[position] === OPEN_BRACKET && json[skipSpace(json, position + 1)] === QUOTE;
}
