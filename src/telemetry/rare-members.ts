import type { AttemptSummary } from "../core/attempt-summary.ts";
import { formatDollars } from "../core/picodollars.ts";
import type { LineBuffer } from "./line-writer.ts";
import { MAX_CHARACTERS, type MemberStarts } from "./request-fields.ts";

/*
 * The members of a line that few have: of requests that several deployments could answer, and of those that are priced.
 */

/** Null says that the price is not known. */
export function writeCost(line: LineBuffer, start: string | undefined, cost: bigint | null): void {
  if (start === undefined) return;
  line.text(start);
  line.text(cost === null ? "null" : formatDollars(cost));
}

/** Who was asked, in their order, and what became of it. */
export function writeTried(line: LineBuffer, starts: MemberStarts, tried: readonly AttemptSummary[]): void {
  if (starts.attempts !== undefined) {
    line.text(starts.attempts);
    line.number(tried.length);
  }
  if (starts.tried === undefined) return;
  line.text(starts.tried);
  for (const [index, { provider, model, status, why = "answered" }] of tried.entries()) {
    const told = [`${provider}/${model.slice(0, MAX_CHARACTERS)}`, status, why].filter((word) => word !== undefined);
    line.text(index === 0 ? "[" : ",");
    line.quoted(told.join(" "));
  }
  line.text("]");
}
