import { formatDollars } from "../core/picodollars.ts";
import type { LineBuffer } from "./line-writer.ts";

/*
 * Each of these writes one member of a line: nothing if the member is not written (it has no start), or there is no value.
 */

/** Null says that the price is not known; nothing at all that there was nothing to pay, or that costs are not computed. */
export function writeCost(line: LineBuffer, start: string | undefined, cost: bigint | null | undefined): void {
  if (cost === undefined || start === undefined) return;
  line.text(start);
  line.text(cost === null ? "null" : formatDollars(cost));
}

export function writeText(line: LineBuffer, start: string | undefined, value: string | undefined): void {
  if (value === undefined || start === undefined) return;
  line.text(start);
  line.quoted(value);
}

export function writeNumber(line: LineBuffer, start: string | undefined, value: number | undefined): void {
  if (value === undefined || start === undefined) return;
  line.text(start);
  line.number(value);
}

export function writeFlag(line: LineBuffer, start: string | undefined, value: boolean): void {
  if (start === undefined) return;
  line.text(start);
  line.text(value ? "true" : "false");
}

/** Writes the milliseconds between two times. */
export function writeTime(line: LineBuffer, start: string | undefined, from: number, to: number | undefined): void {
  if (to === undefined || start === undefined) return;
  line.text(start);
  line.hundredths(to - from);
}
