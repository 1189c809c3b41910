import { openTurns } from "../../../core/event-loop.ts";
import type { Stop, StopReason } from "../../../formats/form/answer.ts";
import type { Block, CallBlock } from "../../../formats/form/blocks.ts";
import type { AnswerShape } from "../next-step.ts";
import type { RunCall } from "../run-tools.ts";
import { repairArguments } from "../tool-call.ts";
import type { ToolPlan } from "../tool-plan.ts";

/** With these, the answer was cut: the last call may be incomplete. */
const CUT: ReadonlySet<StopReason> = new Set<StopReason>(["length", "context", "filter", "refusal", "error"]);

/** What one answer of the model asks for. */
export interface AskedOf {
  readonly shape: AnswerShape;
  readonly ours: readonly RunCall[];
  /** What was said, as it goes back to the provider: each call with an id of its own, and arguments that are JSON. */
  said(): Promise<readonly Block[]>;
}

/** Whether the gateway answers this call. */
export const isOwnCall = ({ name, kind }: Pick<CallBlock, "name" | "kind">, plan: Pick<ToolPlan, "isOurs">): boolean =>
  plan.isOurs({ name, isFunction: kind === "function" });

/** @param newId the id of the call at an index, for calls that have none or one that another call has */
export function readAsked(
  blocks: readonly Block[],
  stop: Stop | undefined,
  plan: Pick<ToolPlan, "isOurs">,
  newId: (index: number) => string,
): AskedOf {
  const identified = withIds(blocks, newId);
  const calls = identified.filter((block) => block.type === "call");
  const ours = calls.filter((call) => isOwnCall(call, plan));
  return {
    shape: {
      ours: ours.length,
      theirs: calls.length - ours.length,
      isCut: stop !== undefined && CUT.has(stop.reason),
    },
    ours: ours.map(({ id, name, input }) => ({ id, name, args: input })),
    said: () => withArguments(identified),
  };
}

function withIds(blocks: readonly Block[], newId: (index: number) => string): readonly Block[] {
  const taken = new Set<string>();
  let index = 0;
  return blocks.map((block) => {
    if (block.type !== "call") return block;
    const id = block.id !== "" && !taken.has(block.id) ? block.id : newId(index);
    index += 1;
    taken.add(id);
    return id === block.id ? block : { ...block, id };
  });
}

async function withArguments(blocks: readonly Block[]): Promise<readonly Block[]> {
  const repaired: Block[] = [];
  const turns = openTurns();
  for (const block of blocks) {
    if (block.type !== "call" || block.kind !== "function") repaired.push(block);
    else repaired.push({ ...block, input: await repairArguments(block.input) });
    if (turns.isOver()) await turns.next();
  }
  return repaired;
}

/** What of an answer the client is shown. */
export const shownOf = (
  blocks: readonly Block[],
  plan: Pick<ToolPlan, "isOurs">,
  showsOurs: boolean,
): readonly Block[] =>
  blocks.flatMap((block) => {
    if (block.type !== "call" || !isOwnCall(block, plan)) return [block];
    return showsOurs ? [{ ...block, isAnswered: true }] : [];
  });
