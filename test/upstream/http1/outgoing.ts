import type { Outgoing } from "../../../src/upstream/http1/outgoing.ts";

/** A message of these bytes, one for each character. */
export function outgoing(text: string): Outgoing {
  return { length: text.length, writeTo: (target) => void target.write(text, 0, "latin1"), left() {} };
}
