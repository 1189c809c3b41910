/*
 * The id of a row is a UUID of version 7: the time in milliseconds since the epoch, a number of 32 bits that counts the rows of
 * a process (https://www.rfc-editor.org/rfc/rfc9562#section-6.2, method 1), and 40 random bits of that process. So it need
 * not be written with each row, and is the same however often the row is read.
 */

const ROW_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The random bits of the ids of one process. */
export interface RowIdSeed {
  /** 8 bits, and 32. */
  readonly high: number;
  readonly low: number;
}

export function newRowIdSeed(): RowIdSeed {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return { high: high & 0xff, low };
}

const hexOf = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** How the id of a row of that time begins. */
function timePart(time: number): string {
  const digits = hexOf(Math.max(0, Math.floor(time)), 12);
  return `${digits.slice(0, 8)}-${digits.slice(8)}-`;
}

const DIGITS = Buffer.from("0123456789abcdef");
/** Where in an id the digits of the number are, the last of them first. */
const NUMBER_AT = [25, 24, 22, 21, 20, 17, 16, 15];

/** Makes the id of a row of one process, from its time in milliseconds since the epoch and its number. */
export type RowIds = (time: number, number: number) => string;

export function createRowIds({ high, low }: RowIdSeed): RowIds {
  const id = Buffer.from(`00000000-0000-7000-8000-00${hexOf(high, 2)}${hexOf(low >>> 0, 8)}`);
  let last: number | undefined;
  return (time, number) => {
    // Many rows are of the same millisecond.
    if (time !== last) id.write(timePart((last = time)));
    let rest = number;
    for (const at of NUMBER_AT) {
      id[at] = DIGITS[rest & 15] ?? 0;
      rest >>>= 4;
    }
    return id.toString("latin1");
  };
}

export const isRowId = (text: string): boolean => ROW_ID.test(text);

/** No row of that time, in milliseconds since the epoch, or of a later one has a lower id. */
export const lowestId = (time: number): string => `${timePart(time)}0000-0000-000000000000`;
