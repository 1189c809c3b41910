import { writeSync } from "node:fs";
import { errorCodeOf } from "../core/error-code.ts";

/** How long is waited for a pipe that is full and does not let its writer wait. */
const PAUSE_MS = 1;

/**
 * Writes all of a text, however slowly it is read: a stream of the process would lose what a pipe has no room for, which
 * is all beyond 64 KiB, if the process ends right after. What nobody reads any more is dropped.
 * @param descriptor 1 for standard output, 2 for standard error
 */
export function writeWhole(descriptor: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errorCodeOf(error) !== "EAGAIN") return;
      Bun.sleepSync(PAUSE_MS);
    }
  }
}
