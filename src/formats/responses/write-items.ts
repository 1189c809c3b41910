import type { JsonObject } from "../../core/json/parse.ts";
import { type Block, type CallBlock, isText, type ResultBlock, type TextBlock } from "../form/blocks.ts";
import type { Tool, Turn } from "../form/conversation.ts";
import { CannotTranslate, type WireTarget } from "../form/dialect.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { fitToolName } from "../form/tool-names.ts";
import { writeShellAction } from "./local-shell.ts";
import type { Notes } from "./member-lists.ts";
import { writeThinking } from "./thinking.ts";
import { writeInputContent, writeOutputPart } from "./write-content.ts";
import { fitName } from "./write-tools.ts";

const MAX_CALL_ID_LENGTH = 64;

/** What all items of one request are written with. */
interface Writing {
  readonly tools: ReadonlyMap<string, Tool>;
  /** Ids of calls of the local shell, whose results are items of their own kind. */
  readonly shellCalls: Set<string>;
  readonly target: WireTarget;
  readonly notes: Notes;
}

/**
 * The input of a request: the items of each turn in order.
 * @param first index of the first of these turns in the conversation
 * @throws CannotTranslate
 */
export function writeItems(
  turns: readonly Turn[],
  first: number,
  tools: readonly Tool[],
  target: WireTarget,
  notes: Notes,
): JsonObject[] {
  const named = new Map(tools.map((tool) => [tool.name, tool]));
  const writing: Writing = { tools: named, shellCalls: new Set(), target, notes };
  return turns.flatMap((turn, index) => writeTurn(turn, `messages[${first + index}]`, writing));
}

function writeTurn({ role, blocks }: Turn, path: string, writing: Writing): JsonObject[] {
  const items: JsonObject[] = [];
  let said: Block[] = [];
  const flush = (): void => {
    if (said.length > 0)
      items.push({ type: "message", role, content: writeMessage(role, said, `${path}.content`, writing) });
    said = [];
  };
  for (const [index, block] of blocks.entries()) {
    const blockPath = `${path}.content[${index}]`;
    if (isSaid(block)) {
      if (block.type !== "text" || block.text !== "") said.push(block);
      continue;
    }
    const item = writeOwnItem(block, blockPath, writing);
    if (!item) continue;
    flush();
    items.push(item);
  }
  flush();
  return items;
}

const isSaid = (block: Block): block is Exclude<Block, { type: "thinking" | "call" | "result" | "opaque" }> =>
  block.type !== "thinking" && block.type !== "call" && block.type !== "result" && block.type !== "opaque";

function writeMessage(
  role: Turn["role"],
  blocks: readonly Block[],
  path: string,
  { target }: Writing,
): string | JsonObject[] {
  if (role !== "assistant") return writeInputContent(blocks, path, target);
  const media = blocks.findIndex((block) => !isText(block));
  if (media >= 0) throw new CannotTranslate(`${path}[${media}]`, "its API takes only text from the model");
  const texts = blocks.filter(isText);
  const [only] = texts;
  // Text alone is what servers other than OpenAI's understand best.
  if (texts.length === 1 && only && !only.isRefusal && !only.annotations) return only.text;
  return texts.map(writeOutputPart);
}

/** Everything that is an item beside the messages; undefined if it is left out. */
function writeOwnItem(
  block: Exclude<Block, TextBlock | { type: "image" | "document" | "audio" | "video" }>,
  path: string,
  writing: Writing,
): JsonObject | undefined {
  switch (block.type) {
    case "call":
      return writeCall(block, writing);
    case "result":
      return writeResult(block, path, writing);
    case "thinking": {
      const item = writeThinking(block, writing.target, `rs_${path.replace(/\D+/g, "_")}`);
      if (!item && (block.text !== "" || block.seal)) writing.notes.dropped(path);
      return item;
    }
    case "opaque":
      if (block.format === "responses" && typeof block.value === "object") return { ...block.value };
      writing.notes.dropped(path);
      return undefined;
  }
}

/** The same id for a call and its result. */
const fitCallId = (id: string): string =>
  id.length <= MAX_CALL_ID_LENGTH ? id : `call_${new Bun.CryptoHasher("sha256").update(id).digest("hex").slice(0, 32)}`;

function writeCall({ id, name: flatName, input, kind }: CallBlock, { tools, shellCalls }: Writing): JsonObject {
  const tool = tools.get(flatName);
  const { name, namespace } = tool ? fitName(tool) : { name: fitToolName(flatName), namespace: undefined };
  const call_id = fitCallId(id);
  if (tool?.native?.kind === "local_shell") {
    shellCalls.add(id);
    return { type: "local_shell_call", id: call_id, call_id, action: writeShellAction(input), status: "completed" };
  }
  return kind === "custom"
    ? withoutUndefined({ type: "custom_tool_call", call_id, name, namespace, input })
    : withoutUndefined({ type: "function_call", call_id, name, namespace, arguments: input === "" ? "{}" : input });
}

function writeResult({ callId, isError, kind, ...result }: ResultBlock, path: string, writing: Writing): JsonObject {
  const last = result.blocks.at(-1);
  // Only parts have marks of what to cache.
  const blocks =
    result.cache && last ? [...result.blocks.slice(0, -1), { ...last, cache: result.cache }] : result.blocks;
  const call_id = fitCallId(callId);
  if (isError) writing.notes.adjusted(`${path}.is_error`);
  const output = blocks.length === 0 ? "" : writeInputContent(blocks, path, writing.target);
  const told = isError ? markError(output) : output;
  if (writing.shellCalls.has(callId)) return { type: "local_shell_call_output", id: call_id, output: told };
  return { type: kind === "custom" ? "custom_tool_call_output" : "function_call_output", call_id, output: told };
}

const ERROR_MARK = "Error: ";

/** Tools of the gateway say it themselves. */
const markText = (text: string): string => (text.startsWith(ERROR_MARK) ? text : ERROR_MARK + text);

/** The API has no sign for a failed call. */
const markError = (output: string | readonly JsonObject[]): string | readonly JsonObject[] =>
  typeof output === "string" ? markText(output) : [{ type: "input_text", text: "Error:" }, ...output];
