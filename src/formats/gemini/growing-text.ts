/** A text that comes in pieces, with its bytes in UTF-8, in which the API says places. */
export interface GrowingText {
  /** Characters, in UTF-16 units. */
  readonly length: number;
  add(piece: string): void;
  /** What has come so far. Each byte is encoded once, whoever asks how often. */
  bytes(): Buffer;
  /**
   * From a place in UTF-8 to the place in UTF-16; one within a character is that of its beginning. Costs at most a step.
   * @param byte of {@link bytes}, 0 to its length
   */
  unitAt(byte: number): number;
}

/** Bytes from one place of which both numbers are known to the next one. */
const STEP_BYTES = 1024;

const START = { byte: 0, unit: 0 };

const isWithinCharacter = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

export function openGrowingText(): GrowingText {
  let pieces: string[] = [];
  let length = 0;
  let room = Buffer.alloc(0);
  let used = 0;
  /** Of the beginning of the character at each step: its byte, and its place in UTF-16. */
  const steps = [START];

  /** Where the character begins that a byte is of. */
  const beginning = (byte: number): number => {
    let at = byte;
    while (at < used && isWithinCharacter(room[at])) at -= 1;
    return at;
  };
  const unitsBetween = (from: number, to: number): number => room.toString("utf8", from, to).length;

  function encode(): void {
    const text = pieces.join("");
    pieces = [];
    const bytes = Buffer.byteLength(text);
    if (used + bytes > room.length) {
      const larger = Buffer.alloc(Math.max(used + bytes, 2 * room.length));
      room.copy(larger, 0, 0, used);
      room = larger;
    }
    used += room.write(text, used);
    for (let next = steps.length * STEP_BYTES; next <= used; next += STEP_BYTES) {
      const last = steps.at(-1) ?? START;
      const byte = beginning(next);
      steps.push({ byte, unit: last.unit + unitsBetween(last.byte, byte) });
    }
  }

  return {
    get length() {
      return length;
    },
    add(piece) {
      pieces.push(piece);
      length += piece.length;
    },
    bytes() {
      if (pieces.length > 0) encode();
      return room.subarray(0, used);
    },
    unitAt(byte) {
      const at = beginning(byte);
      const step = steps[Math.floor(at / STEP_BYTES)] ?? START;
      return step.unit + unitsBetween(step.byte, at);
    },
  };
}
