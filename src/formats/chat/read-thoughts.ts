import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Block, Seal, ThinkingBlock } from "../form/blocks.ts";
import { openSeal } from "../form/seal-envelope.ts";
import { filledTextOf, listOf } from "../../core/json/values.ts";
import type { Foreign } from "./read-content.ts";
import { thinkingPartText, thoughtPieces } from "./thoughts.ts";

interface PlacedThought {
  readonly block: ThinkingBlock;
  /** Its place among the blocks of the message, as the writer of answers gave it. */
  readonly index: number | undefined;
}

/**
 * Adds the thoughts of an assistant's message that a client gives back to its other blocks: to the places that
 * `reasoning_details` tell, or else in front, as models think before they speak.
 * @param others texts and calls, in their order
 */
export function placeThoughts(
  message: JsonObject,
  others: readonly Block[],
  path: string,
  foreign: Foreign,
): readonly Block[] {
  const thoughts = readThoughts(message, path, foreign);
  if (thoughts.length === 0) return others;
  if (!arePlaced(thoughts)) return [...thoughts.map(blockOf), ...others];
  const blocks: Block[] = [];
  let next = 0;
  for (const other of others) {
    let thought = thoughts[next];
    while (thought?.index === blocks.length) {
      blocks.push(thought.block);
      next += 1;
      thought = thoughts[next];
    }
    blocks.push(other);
  }
  return [...blocks, ...thoughts.slice(next).map(blockOf)];
}

const blockOf = ({ block }: PlacedThought): ThinkingBlock => block;

function arePlaced(thoughts: readonly PlacedThought[]): boolean {
  return thoughts.every(({ index }, position) => index !== undefined && index > (thoughts[position - 1]?.index ?? -1));
}

function readThoughts(message: JsonObject, path: string, foreign: Foreign): readonly PlacedThought[] {
  const details = readDetails(listOf(message["reasoning_details"]), `${path}.reasoning_details`, foreign);
  if (details.some(({ block }) => block.text !== "")) return details;
  const blocks = readThinkingBlocks(listOf(message["thinking_blocks"]), `${path}.thinking_blocks`, foreign);
  if (blocks.length > 0) return blocks;
  const { reasoning_details: _, ...members } = message;
  const plain = thoughtPieces(members).map(({ text }) => unsealed(text));
  return plain.length === 0 ? details : [...plain, ...details.map(({ block }) => ({ block, index: undefined }))];
}

const unsealed = (text: string): PlacedThought => ({
  block: { type: "thinking", text, seal: undefined },
  index: undefined,
});

/** Items in a row with the same index are of one thought. */
function readDetails(items: readonly unknown[], path: string, foreign: Foreign): readonly PlacedThought[] {
  const thoughts: PlacedThought[] = [];
  for (const [position, item] of items.entries()) {
    if (!isJsonObject(item)) continue;
    const index = Number.isSafeInteger(item["index"]) ? Number(item["index"]) : undefined;
    const last = thoughts.at(-1);
    const text = (filledTextOf(item["text"]) ?? "") + (filledTextOf(item["summary"]) ?? "");
    const carried = filledTextOf(item["signature"]) ?? filledTextOf(item["data"]);
    const seal = openCarried(carried, filledTextOf(item["id"]), `${path}[${position}]`, foreign);
    if (last && index !== undefined && last.index === index) {
      const { block } = last;
      thoughts[thoughts.length - 1] = {
        block: { type: "thinking", text: block.text + text, seal: block.seal ?? seal },
        index,
      };
    } else if (text !== "" || seal !== undefined) {
      thoughts.push({ block: { type: "thinking", text, seal }, index });
    }
  }
  return thoughts;
}

/** What LiteLLM's clients have of Anthropic's blocks. */
function readThinkingBlocks(items: readonly unknown[], path: string, foreign: Foreign): readonly PlacedThought[] {
  return items.flatMap((item, position): PlacedThought[] => {
    if (!isJsonObject(item)) return [];
    const text = filledTextOf(item["thinking"]) ?? thinkingPartText(item);
    const carried = filledTextOf(item["signature"]) ?? filledTextOf(item["data"]);
    const seal = openCarried(carried, undefined, `${path}[${position}]`, foreign);
    if (text === "" && seal === undefined) return [];
    return [{ block: { type: "thinking", text, seal }, index: undefined }];
  });
}

/** Nobody knows where a value that is in no envelope comes from, so it goes to no provider. */
export function openCarried(
  carried: string | undefined,
  id: string | undefined,
  path: string,
  foreign: Foreign,
): Seal | undefined {
  if (carried === undefined) return undefined;
  const seal = openSeal(carried);
  if (seal === undefined) foreign.push({ path, isEssential: false });
  return seal === undefined || id === undefined ? seal : { ...seal, id };
}
