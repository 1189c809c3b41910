import { type Block, isResult, type ResultBlock } from "./blocks.ts";
import type { InstructionTurn, Turn } from "./conversation.ts";

/** What is said in the system's name before anybody speaks, and the rest. */
export interface SplitTurns {
  readonly instructions: readonly InstructionTurn[];
  readonly talk: readonly Turn[];
}

export function splitInstructions(turns: readonly Turn[]): SplitTurns {
  const instructions: InstructionTurn[] = [];
  for (const turn of turns) {
    if (turn.role !== "system" && turn.role !== "developer") break;
    instructions.push(turn);
  }
  return { instructions, talk: turns.slice(instructions.length) };
}

/** What neither the assistant nor a tool says. */
export type OtherTurn = Exclude<Turn, { readonly role: "assistant" | "tool" }>;

/** What the assistant says, and everything until it speaks again. */
export interface Step {
  readonly said: Block[];
  readonly results: ResultBlock[];
  readonly others: OtherTurn[];
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
