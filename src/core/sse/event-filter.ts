import { asBuffer } from "../json/bytes.ts";
import { EventEnds } from "./event-ends.ts";
import { createEventHold, type EventHold } from "./event-hold.ts";

const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** An unfinished event longer than this is let through unjudged rather than held. */
const MAX_HELD_BYTES = 64 * 1024;

/** An event up to this size has no field: it is two empty lines, or a comment. */
const MAX_EMPTY_BYTES = 4;

/** A part of a longer chunk up to this size is passed as a copy. */
const SMALL_BYTES = 4096;

/** Takes whole events out of a byte stream, or changes them; all others keep their bytes. */
export interface EventFilter {
  /** The bytes to pass on now that `chunk` has arrived; empty for none. Only an unfinished event is held back. */
  push(chunk: Uint8Array): Uint8Array;
  /** What is still held back when the stream ends. */
  flush(): Uint8Array;
}

/**
 * Finds, in bytes that may be many events, where the first one from `from` on shows that it might be edited: a position in
 * that event, or -1. It may have begun before `from`.
 */
export type FindEvent = (bytes: Buffer, from: number) => number;

/**
 * @param isUnwanted judges one event: whole, its closing empty line included, or what there is of it if the stream
 * ends before that.
 * @param findUnwanted see `find` of {@link createEventEditor}.
 */
export function createEventFilter(
  isUnwanted: (event: Buffer) => boolean,
  maxHeldBytes?: number,
  findUnwanted?: FindEvent,
): EventFilter {
  return createEventEditor((event) => (isUnwanted(event) ? NOTHING : event), maxHeldBytes, findUnwanted);
}

/**
 * @param edit gives the bytes that replace an event: its own, others, or none. It is given what
 * {@link createEventFilter} gives its judge.
 * @param find only events in which it finds something are edited; all, unless given
 */
export function createEventEditor(
  edit: (event: Buffer) => Uint8Array,
  maxHeldBytes: number = MAX_HELD_BYTES,
  find: FindEvent = (_, from) => from,
): EventFilter {
  return new EventEditor(edit, maxHeldBytes, find);
}

/**
 * A class instead of closures: what it knows of a stream lies together, and of a thousand streams nothing is in the
 * processor's cache any more when their next event comes.
 */
class EventEditor implements EventFilter {
  readonly #edit: (event: Buffer) => Uint8Array;
  readonly #maxHeldBytes: number;
  readonly #find: FindEvent;
  /** The bytes before ended with an event: nothing is held. */
  #isBetweenEvents = true;
  /** The event under way was too long to be judged: it passes up to its end. */
  #unjudged = false;
  #hold: EventHold | undefined;
  #ends: EventEnds | undefined;

  constructor(edit: (event: Buffer) => Uint8Array, maxHeldBytes: number, find: FindEvent) {
    this.#edit = edit;
    this.#maxHeldBytes = maxHeldBytes;
    this.#find = find;
  }

  push(chunk: Uint8Array): Uint8Array {
    const piece = asBuffer(chunk);
    if (!this.#isBetweenEvents) return this.#pushOn((this.#hold ??= createEventHold()).join(piece));
    const found = this.#find(piece, 0);
    return found < 0 && endsWithEmptyLine(piece) ? piece : this.#look(piece, found);
  }

  /** @param bytes what was held, and the next bytes */
  #pushOn(bytes: Buffer): Uint8Array {
    const found = this.#unjudged ? 0 : this.#find(bytes, 0);
    if (found >= 0 || !endsWithEmptyLine(bytes)) return this.#look(bytes, found);
    this.#ends?.restart();
    this.#isBetweenEvents = true;
    return bytes;
  }

  /**
   * Edits the events of `bytes` that are to be edited, and holds the one that has not ended.
   * @param first where `find` has found the first of them, or -1
   */
  #look(bytes: Buffer, first: number): Uint8Array {
    const ends = (this.#ends ??= new EventEnds());
    ends.meet(bytes);
    const passed: Uint8Array[] = [];
    let found = first;
    let start = 0;
    let kept = 0;
    for (;;) {
      if (!this.#unjudged) start = ends.skip(bytes, start, found < 0 ? bytes.length : found);
      const end = ends.next(bytes, start);
      if (end === 0) break;
      if (found >= 0 && found < end) {
        // A slice and a call take ten times as long as to find two empty lines.
        if (!this.#unjudged && end - start > MAX_EMPTY_BYTES) {
          const event = bytes.subarray(start, end);
          const edited = this.#edit(event);
          if (edited !== event) {
            if (start > kept) passed.push(bytes.subarray(kept, start));
            if (edited.length > 0) passed.push(edited);
            kept = end;
          }
        }
        found = this.#find(bytes, end);
      }
      this.#unjudged = false;
      start = end;
    }
    this.#unjudged ||= bytes.length - start > this.#maxHeldBytes;
    if (this.#unjudged) ends.restart();
    const passEnd = this.#unjudged ? startOfLineEnds(bytes) : start;
    if (passEnd > kept) passed.push(bytes.subarray(kept, passEnd));
    if (passEnd < bytes.length) (this.#hold ??= createEventHold()).keep(bytes.subarray(passEnd));
    this.#isBetweenEvents = !this.#unjudged && passEnd === bytes.length;
    const [only = NOTHING] = passed;
    if (passed.length > 1) return Buffer.concat(passed);
    // Who keeps a small part would keep all of what it is a part of.
    return only.length < SMALL_BYTES && bytes.length > only.length + SMALL_BYTES ? Buffer.from(only) : only;
  }

  flush(): Uint8Array {
    const rest = this.#hold?.join(NOTHING) ?? NOTHING;
    return this.#unjudged || rest.length === 0 ? rest : this.#edit(rest);
  }
}

/** Whether bytes end where an event does, as nearly all writes of providers do. */
function endsWithEmptyLine(bytes: Buffer): boolean {
  return bytes[bytes.length - 1] === LINE_FEED && bytes[bytes.length - 2] === LINE_FEED;
}

/** The position of the line ends with which `bytes` close: only what follows can show whether an event ended. */
function startOfLineEnds(bytes: Buffer): number {
  let position = bytes.length;
  while (bytes[position - 1] === LINE_FEED || bytes[position - 1] === CARRIAGE_RETURN) position--;
  return position;
}
