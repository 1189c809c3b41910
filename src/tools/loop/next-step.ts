/** What an answer of the model asks for. */
export interface AnswerShape {
  /** How many calls of it the gateway answers. */
  readonly ours: number;
  /** How many of it are the client's. */
  readonly theirs: number;
  /** It was cut: the last call may be incomplete. */
  readonly isCut: boolean;
}

/**
 * `ask_again`: the gateway's calls are run and the model is asked again with their results. `run_and_return`: they are
 * run, and the client gets its own. `return`: nothing is to be run.
 */
export type NextStep = "ask_again" | "run_and_return" | "return";

/** @param stepsLeft how often the model may be asked again */
export function nextStep({ ours, theirs, isCut }: AnswerShape, stepsLeft: number): NextStep {
  if (ours === 0 || isCut) return "return";
  if (theirs > 0) return "run_and_return";
  return stepsLeft > 0 ? "ask_again" : "return";
}

/**
 * Whether the client is told that the last answer stopped at a limit, whatever the provider says: without the gateway's
 * calls, an answer that ends with nothing else has no call to finish with.
 */
export const stopsAtLimit = ({ ours, theirs, isCut }: AnswerShape): boolean => ours > 0 && theirs === 0 && !isCut;
