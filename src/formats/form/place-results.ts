import { isJsonObject } from "../../core/json/parse.ts";
import { textOf } from "../../core/json/values.ts";
import { type Block, isResult, type ResultBlock } from "./blocks.ts";
import type { Turn } from "./conversation.ts";

/** What stands before a result whose call is not there, which as a result would be refused. */
export const ORPHAN_MARK = "Tool result:";

/** Of something that only one format has, such as a search for tools that the client answers. */
function ownCallId(block: Block, format: string): string | undefined {
  if (block.type !== "opaque" || block.format !== format || !isJsonObject(block.value)) return undefined;
  return textOf(block.value["call_id"]);
}

/**
 * Puts results directly behind their calls, as most providers demand, whatever was said in between. One whose call is not
 * in the assistant's turn before, or that has an answer already, becomes words of the user.
 * @param format the one that is written, whose own kinds of calls are calls too
 * @param onOrphan called for each of those
 * @returns turns that are in order as they are
 */
export function placeResults(turns: readonly Turn[], format: string, onOrphan: () => void): readonly Turn[] {
  const placed: Turn[] = [];
  /** Ids of calls of the last turn of the assistant without an answer, each with how many there are. */
  let open = new Map<string, number>();
  /** The place behind that turn and the results that follow it, and what stands there if it is made here. */
  let place = 0;
  let made: Block[] | undefined;

  const takeCalls = (blocks: readonly Block[]): void => {
    if (placed.at(-1)?.role !== "assistant") open = new Map();
    for (const block of blocks) {
      const id = block.type === "call" ? block.id : ownCallId(block, format);
      if (id !== undefined) open.set(id, (open.get(id) ?? 0) + 1);
    }
  };

  const answers = ({ callId }: ResultBlock): boolean => {
    const left = open.get(callId) ?? 0;
    open.set(callId, left - 1);
    return left > 0;
  };

  const putBehind = (results: readonly Block[]): void => {
    if (made) for (const result of results) made.push(result);
    else placed.splice(place, 0, { role: "tool", blocks: (made = [...results]) });
  };

  const takeResults = (turn: Turn): void => {
    const found: ResultBlock[] = [];
    const orphans: ResultBlock[] = [];
    for (const result of turn.blocks) {
      if (isResult(result)) (answers(result) ? found : orphans).push(result);
    }
    if (orphans.length === 0 && placed.length === place) place = placed.push(turn);
    else if (found.length > 0) putBehind(found);
    for (const { blocks } of orphans) {
      onOrphan();
      placed.push({ role: "user", blocks: [{ type: "text", text: ORPHAN_MARK }, ...blocks] });
    }
  };

  for (const turn of turns) {
    if (turn.role === "tool") {
      takeResults(turn);
      continue;
    }
    if (turn.role === "assistant") takeCalls(turn.blocks);
    placed.push(turn);
    if (turn.role !== "assistant") continue;
    place = placed.length;
    made = undefined;
  }
  return placed;
}
