import { asBuffer } from "../json/bytes.ts";

/** The beginning of an event that has not ended yet, to which pieces are added at the cost of their own bytes. */
export interface EventHold {
  /** What was kept and `piece` behind it, in one; nothing is kept then. The bytes are never written again. */
  join(piece: Buffer): Buffer;
  /** @param bytes the end of what `join` returned last */
  keep(bytes: Buffer): void;
}

const NOTHING = Buffer.alloc(0);

export function createEventHold(): EventHold {
  let held: Buffer = NOTHING;
  /** Where held bytes were copied to, with room behind them: nobody has seen that yet. */
  let room: Buffer = NOTHING;
  /** How much of `room` is taken. */
  let taken = 0;

  return {
    join(piece) {
      if (held.length === 0) return piece;
      if (piece.length === 0) {
        const rest = held;
        held = NOTHING;
        return rest;
      }
      const length = held.length + piece.length;
      if (taken + piece.length > room.length || taken === 0) {
        room = Buffer.allocUnsafe(length * 2);
        held.copy(room);
        taken = held.length;
      }
      piece.copy(room, taken);
      taken += piece.length;
      held = NOTHING;
      return room.subarray(taken - length, taken);
    },
    keep(bytes) {
      held = bytes;
      // They are in the last piece itself, if nothing was held before it.
      if (bytes.buffer !== room.buffer || bytes.byteOffset + bytes.length !== room.byteOffset + taken) taken = 0;
    },
  };
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** An unfinished event longer than this is let through unjudged rather than held. */
const MAX_HELD_BYTES = 64 * 1024;

/** An event up to this size has no field: it is two empty lines, or a comment. */
const MAX_EMPTY_BYTES = 4;

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
  const hold = createEventHold();
  /** How far the unfinished event has been looked through. */
  const seen: SeenEvent = { position: 0, lineStart: 0 };
  /** The event under way was too long to be judged: it passes up to its end. */
  let unjudged = false;

  return {
    push(chunk) {
      const bytes = hold.join(asBuffer(chunk));
      const mayBeEdited = unjudged || mayEdit(bytes);
      if (!mayBeEdited && endsWithEmptyLine(bytes)) {
        reset(seen);
        return bytes;
      }
      const passed: Uint8Array[] = [];
      let start = 0;
      let kept = 0;
      for (let end = endOfEvent(bytes, start, seen); end > 0; end = endOfEvent(bytes, start, seen)) {
        // A slice and a call take ten times as long as to find two empty lines.
        if (mayBeEdited && !unjudged && end - start > MAX_EMPTY_BYTES) {
          const event = bytes.subarray(start, end);
          const edited = edit(event);
          if (edited !== event) {
            if (start > kept) passed.push(bytes.subarray(kept, start));
            if (edited.length > 0) passed.push(edited);
            kept = end;
          }
        }
        unjudged = false;
        start = end;
      }
      unjudged ||= bytes.length - start > maxHeldBytes;
      if (unjudged) reset(seen);
      const passEnd = unjudged ? startOfLineEnds(bytes) : start;
      if (passEnd > kept) passed.push(bytes.subarray(kept, passEnd));
      if (passEnd < bytes.length) hold.keep(bytes.subarray(passEnd));
      return passed.length === 1 ? (passed[0] as Uint8Array) : passed.length === 0 ? NOTHING : Buffer.concat(passed);
    },
    flush() {
      const rest = hold.join(NOTHING);
      return unjudged || rest.length === 0 ? rest : edit(rest);
    },
  };
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
