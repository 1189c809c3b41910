import { type AnswerShape, stopsAtLimit } from "./next-step.ts";

const CUT_REASONS: ReadonlySet<unknown> = new Set(["length", "content_filter"]);

/** Whether a chat completion with this `finish_reason` was cut. */
export const isCutReason = (reason: unknown): boolean => CUT_REASONS.has(reason);

/** The `finish_reason` that the client gets instead of the provider's; undefined if that one is right. */
export const finalReason = (shape: AnswerShape): string | undefined => (stopsAtLimit(shape) ? "length" : undefined);
