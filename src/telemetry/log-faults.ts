import { describeFault, type OnFault } from "../core/faults.ts";
import type { LeveledLog } from "./leveled-log.ts";

/** So many that differ are counted apart. */
const MAX_KINDS = 100;

/**
 * Makes what writes a line, with the stack, for what was thrown outside of what answers a request. What is thrown again and again
 * must not fill the log: of one kind the first is written, the tenth, the hundredth and so on.
 */
export function logFaults(log: Pick<LeveledLog, "error">): OnFault {
  const kinds = new Map<string, { count: number; next: number }>();
  return (error) => {
    const cause = describeFault(error);
    const name = kinds.size < MAX_KINDS || kinds.has(cause) ? cause : "";
    const kind = kinds.get(name) ?? { count: 0, next: 1 };
    kinds.set(name, kind);
    if (++kind.count < kind.next) return;
    kind.next *= 10;
    log.error({ cause, count: kind.count }, "something failed outside of a request");
  };
}
