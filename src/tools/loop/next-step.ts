/** What an answer of the model asks for. */
export interface AnswerShape {
  /** How many calls of it the gateway answers. */
  readonly ours: number;
  /** How many of it are the client's. */
  readonly theirs: number;
  readonly finishReason: string | undefined;
}

/**
 * `ask_again`: the gateway's calls are run and the model is asked again with their results. `run_and_return`: they are
 * run, and the client gets its own. `return`: nothing is to be run.
 */
export type NextStep = "ask_again" | "run_and_return" | "return";

/** With these, the answer was cut: the last call may be incomplete. */
const CUT_REASONS: ReadonlySet<string | undefined> = new Set(["length", "content_filter"]);

/** @param stepsLeft how often the model may be asked again */
export function nextStep({ ours, theirs, finishReason }: AnswerShape, stepsLeft: number): NextStep {
  if (ours === 0 || CUT_REASONS.has(finishReason)) return "return";
  if (theirs > 0) return "run_and_return";
  return stepsLeft > 0 ? "ask_again" : "return";
}

/**
 * The `finish_reason` that the client gets instead of the provider's; undefined if that one is right. Without the
 * gateway's calls, an answer that ends with nothing else has no call to finish with: it stopped at a limit.
 */
export function finalReason({ ours, theirs, finishReason }: AnswerShape): string | undefined {
  return ours > 0 && theirs === 0 && !CUT_REASONS.has(finishReason) ? "length" : undefined;
}
