import { asBuffer } from "../json/bytes.ts";
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
 * @param isUnwanted judges one event: whole, its closing empty line included, or what there is of it if the stream
 * ends before that.
 * @param mayHoldUnwanted see `mayEdit` of {@link createEventEditor}.
 */
export function createEventFilter(
  isUnwanted: (event: Buffer) => boolean,
  maxHeldBytes?: number,
  mayHoldUnwanted?: (bytes: Buffer) => boolean,
): EventFilter {
  return createEventEditor((event) => (isUnwanted(event) ? NOTHING : event), maxHeldBytes, mayHoldUnwanted);
}

/**
 * @param edit gives the bytes that replace an event: its own, others, or none. It is given what
 * {@link createEventFilter} gives its judge.
 * @param mayEdit says quickly of bytes, which may be several events, whether one of them might be edited; those of which
 * it says no pass without being looked at one by one.
 */
export function createEventEditor(
  edit: (event: Buffer) => Uint8Array,
  maxHeldBytes: number = MAX_HELD_BYTES,
  mayEdit: (bytes: Buffer) => boolean = () => true,
): EventFilter {
  return new EventEditor(edit, maxHeldBytes, mayEdit);
}

/**
 * A class instead of closures: what it knows of a stream lies together, and of a thousand streams nothing is in the
 * processor's cache any more when their next event comes.
 */
class EventEditor implements EventFilter {
  readonly #edit: (event: Buffer) => Uint8Array;
  readonly #maxHeldBytes: number;
  readonly #mayEdit: (bytes: Buffer) => boolean;
  /** The bytes before ended with an event: nothing is held. */
  #isBetweenEvents = true;
  /** The event under way was too long to be judged: it passes up to its end. */
  #unjudged = false;
  #hold: EventHold | undefined;
  /** How far the unfinished event has been looked through. */
  readonly #seen: SeenEvent = { position: 0, lineStart: 0 };

  constructor(edit: (event: Buffer) => Uint8Array, maxHeldBytes: number, mayEdit: (bytes: Buffer) => boolean) {
    this.#edit = edit;
    this.#maxHeldBytes = maxHeldBytes;
    this.#mayEdit = mayEdit;
  }

  push(chunk: Uint8Array): Uint8Array {
    const piece = asBuffer(chunk);
    if (!this.#isBetweenEvents) return this.#pushOn((this.#hold ??= createEventHold()).join(piece));
    const mayBeEdited = this.#mayEdit(piece);
    return !mayBeEdited && endsWithEmptyLine(piece) ? piece : this.#look(piece, mayBeEdited);
  }

  /** @param bytes what was held, and the next bytes */
  #pushOn(bytes: Buffer): Uint8Array {
    const mayBeEdited = this.#unjudged || this.#mayEdit(bytes);
    if (mayBeEdited || !endsWithEmptyLine(bytes)) return this.#look(bytes, mayBeEdited);
    reset(this.#seen);
    this.#isBetweenEvents = true;
    return bytes;
  }

  /** Looks at the events of `bytes` one by one, and holds the one that has not ended. */
  #look(bytes: Buffer, mayBeEdited: boolean): Uint8Array {
    const seen = this.#seen;
    const passed: Uint8Array[] = [];
    let start = 0;
    let kept = 0;
    for (let end = endOfEvent(bytes, start, seen); end > 0; end = endOfEvent(bytes, start, seen)) {
      // A slice and a call take ten times as long as to find two empty lines.
      if (mayBeEdited && !this.#unjudged && end - start > MAX_EMPTY_BYTES) {
        const event = bytes.subarray(start, end);
        const edited = this.#edit(event);
        if (edited !== event) {
          if (start > kept) passed.push(bytes.subarray(kept, start));
          if (edited.length > 0) passed.push(edited);
          kept = end;
        }
      }
      this.#unjudged = false;
      start = end;
    }
    this.#unjudged ||= bytes.length - start > this.#maxHeldBytes;
    if (this.#unjudged) reset(seen);
    const passEnd = this.#unjudged ? startOfLineEnds(bytes) : start;
    if (passEnd > kept) passed.push(bytes.subarray(kept, passEnd));
    if (passEnd < bytes.length) (this.#hold ??= createEventHold()).keep(bytes.subarray(passEnd));
    this.#isBetweenEvents = !this.#unjudged && passEnd === bytes.length;
    const [first = NOTHING] = passed;
    if (passed.length > 1) return Buffer.concat(passed);
    // Who keeps a small part would keep all of what it is a part of.
    return first.length < SMALL_BYTES && bytes.length > first.length + SMALL_BYTES ? Buffer.from(first) : first;
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

/** How far an event has been looked through, from its beginning. */
interface SeenEvent {
  position: number;
  /** Where the line at `position` begins. */
  lineStart: number;
}

function reset(seen: SeenEvent): void {
  seen.position = 0;
  seen.lineStart = 0;
}

/**
 * The position behind the empty line that ends the event beginning at `from`, or 0 if it has not ended yet.
 * @param seen goes on from there the next time, so that an event that comes in many pieces is looked through once
 */
function endOfEvent(bytes: Buffer, from: number, seen: SeenEvent): number {
  let lineStart = from + seen.lineStart;
  let position = from + seen.position;
  for (; position < bytes.length; position++) {
    const byte = bytes[position];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    if (byte === CARRIAGE_RETURN) {
      // Whether a CR ends the line alone or with an LF is not known before the next byte.
      if (position + 1 === bytes.length) break;
      if (bytes[position + 1] === LINE_FEED) position++;
    }
    const isEmptyLine =
      position - lineStart < 1 || (position - lineStart === 1 && bytes[lineStart] === CARRIAGE_RETURN);
    if (isEmptyLine && lineStart > from) {
      reset(seen);
      return position + 1;
    }
    lineStart = position + 1;
  }
  seen.position = position - from;
  seen.lineStart = lineStart - from;
  return 0;
}

/** The position of the line ends with which `bytes` close: only what follows can show whether an event ended. */
function startOfLineEnds(bytes: Buffer): number {
  let position = bytes.length;
  while (bytes[position - 1] === LINE_FEED || bytes[position - 1] === CARRIAGE_RETURN) position--;
  return position;
}
