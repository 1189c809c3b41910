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
        // Twice what is held: only that may be copied again and again.
        room = Buffer.allocUnsafe(length + held.length);
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
