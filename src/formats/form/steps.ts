import { type Block, isResult, type ResultBlock } from "./blocks.ts";
import type { Turn } from "./conversation.ts";

/** What the assistant says, and everything until it speaks again. */
export interface Step {
  readonly said: Block[];
  readonly results: ResultBlock[];
  readonly others: Turn[];
}

export function stepsOf(turns: readonly Turn[]): readonly Step[] {
  const steps: Step[] = [];
  let step: Step | undefined;
  for (const turn of turns) {
    const isNext = turn.role === "assistant" && step && (step.results.length > 0 || step.others.length > 0);
    if (!step || isNext) {
      step = { said: [], results: [], others: [] };
      steps.push(step);
    }
    if (turn.role === "assistant") for (const block of turn.blocks) step.said.push(block);
    else if (turn.role === "tool") for (const block of turn.blocks.filter(isResult)) step.results.push(block);
    else step.others.push(turn);
  }
  return steps;
}
