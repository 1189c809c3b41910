import { isJsonObject, parseJson } from "../../core/json/parse.ts";
import type { CallBlock, MediaBlock, ResultBlock } from "../form/blocks.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { toWireName } from "./tool-names.ts";
import { writeMedia } from "./write-media.ts";
import { writeUserParts } from "./write-parts.ts";
import type { WireObject, Writing } from "./writing.ts";

/** Said of a result that is only pictures, for models that get these behind it. */
const ATTACHED = "(see attachment)";

/**
 * The results of a step's calls as parts of one turn: all `functionResponse` parts, in the order of their calls, as older
 * models match them by name; behind them the pictures and documents that such models do not take within a result.
 */
export function writeResults(
  answered: readonly { readonly call: CallBlock; readonly result: ResultBlock }[],
  writing: Writing,
): readonly WireObject[] {
  const attachments: MediaBlock[] = [];
  const responses = answered.map(({ call, result }) => writeResult(call, result, attachments, writing));
  if (attachments.length > 0) writing.note("adjusted", "tool_result.images");
  return [...responses, ...attachments.map((media) => writeMedia(media, writing))];
}

function writeResult(
  { id, name }: CallBlock,
  result: ResultBlock,
  attachments: MediaBlock[],
  writing: Writing,
): WireObject {
  const text = textOf(result);
  const media = result.blocks.filter((block) => block.type !== "text");
  const isWithin = writing.target.facts.takesMediaInResults === true;
  if (!isWithin) for (const block of media) attachments.push(block);
  const said = text === "" && media.length > 0 && !isWithin ? ATTACHED : text;
  const response: WireObject = {
    ...(id !== "" && { id }),
    name: toWireName(name),
    response: writeResponse(said, result),
  };
  if (isWithin && media.length > 0) response["parts"] = media.map((block) => writeMedia(block, writing));
  return { functionResponse: response };
}

const textOf = ({ blocks }: ResultBlock): string =>
  blocks.flatMap((block) => (block.type === "text" ? block.text : [])).join("\n");

/** A response must be an object; `output` and `error` are Google's own names for one that is a text. */
function writeResponse(text: string, { isError }: ResultBlock): object {
  if (isError) return { error: text === "" ? "The tool failed and said nothing." : text };
  return text.trimStart().startsWith("{") && isJsonObject(parseJson(text)) ? parseArguments(text) : { output: text };
}

/** A result that comes too late, or twice, is told to the model in words: as a result it would be refused. */
export const writeLateResult = ({ blocks }: ResultBlock, writing: Writing): readonly WireObject[] => [
  { text: "Tool result:" },
  ...writeUserParts(blocks, writing),
];
