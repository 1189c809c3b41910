import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { Block, CallBlock, MediaBlock, ResultBlock, TextBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import { makeCallId } from "../form/call-ids.ts";
import { annotateLast, readAnnotations } from "./annotations.ts";
import { readCallItem } from "./call-items.ts";
import { filledTextOf, listOf, objectOf } from "../../core/json/values.ts";
import { type Foreign, readCacheMark, readContent } from "./read-content.ts";
import { type AnsweredCalls, findCalls } from "./answered-calls.ts";
import { openCarried, placeThoughts } from "./read-thoughts.ts";

/** Reads `messages`. Results in a row become one turn. */
export function readMessages(messages: unknown, foreign: Foreign): readonly Turn[] {
  const turns: Turn[] = [];
  let calls = findCalls([]);
  let results: Block[] | undefined;
  let hasNames = false;
  for (const [position, message] of listOf(messages).entries()) {
    if (!isJsonObject(message)) continue;
    const path = `messages[${position}]`;
    const role = message["role"];
    if (!hasNames && hasSpeaker(message)) {
      hasNames = true;
      foreign.push({ path: "messages[].name", isEssential: false });
    }
    if (role === "assistant") {
      const blocks = readAssistant(message, position, path, foreign);
      calls = findCalls(blocks.filter((block) => block.type === "call"));
      results = undefined;
      turns.push({ role, blocks });
    } else if (role === "tool" || role === "function") {
      if (results === undefined) {
        results = [];
        turns.push({ role: "tool", blocks: results });
      }
      results.push(readResult(message, calls, path, foreign));
    } else {
      results = undefined;
      turns.push(readOther(message, path, foreign));
    }
  }
  return turns;
}

/** Whether it says who speaks, which nobody else needs: what others need in place of it is in the text, if it matters at all. */
function hasSpeaker(message: JsonObject): boolean {
  const { role, name } = message;
  return role !== "tool" && role !== "function" && filledTextOf(name) !== undefined;
}

function readOther(message: JsonObject, path: string, foreign: Foreign): Turn {
  const blocks = readContent(message["content"], `${path}.content`, foreign);
  const cache = readCacheMark(message);
  const marked = cache === undefined ? blocks : markLast(blocks, cache);
  const { role } = message;
  if (role === "system" || role === "developer") return { role, blocks: onlyTexts(marked, path, foreign) };
  if (role !== "user") foreign.push({ path: `${path}.role`, isEssential: true });
  return { role: "user", blocks: marked };
}

/** Some clients mark a message rather than its last part. */
function markLast(blocks: readonly Block[], cache: { readonly ttl: "5m" | "1h" | undefined }): readonly Block[] {
  const last = blocks.at(-1);
  if (last === undefined || (last.type !== "text" && last.type !== "image" && last.type !== "document")) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache: last.cache ?? cache }];
}

function onlyTexts(blocks: readonly Block[], path: string, foreign: Foreign): readonly TextBlock[] {
  const texts = blocks.filter((block) => block.type === "text");
  if (texts.length < blocks.length) foreign.push({ path: `${path}.content`, isEssential: true });
  return texts;
}

function readAssistant(message: JsonObject, position: number, path: string, foreign: Foreign): readonly Block[] {
  const said = readContent(message["content"], `${path}.content`, foreign);
  const content = annotateLast(said, readAnnotations(message["annotations"]));
  const refusal = filledTextOf(message["refusal"]);
  const refusals: Block[] = refusal === undefined ? [] : [{ type: "text", text: refusal, isRefusal: true }];
  if (isJsonObject(message["audio"])) foreign.push({ path: `${path}.audio`, isEssential: true });
  const calls = listOf(message["tool_calls"]).filter(isJsonObject);
  const old = objectOf(message["function_call"]);
  const items = old === undefined ? calls : [...calls, { function: old }];
  const others = [
    ...content.filter((block) => block.type !== "text" || block.text !== ""),
    ...refusals,
    ...items.map((item, index): Block => readCall(item, position, index, `${path}.tool_calls[${index}]`, foreign)),
  ];
  // Mistral's thoughts are in the content already.
  if (content.some((block) => block.type === "thinking")) return others;
  return placeThoughts(message, others, path, foreign);
}

function readCall(item: JsonObject, position: number, index: number, path: string, foreign: Foreign): CallBlock {
  const { id, name, input, kind, signature } = readCallItem(item);
  const seal = openCarried(signature, undefined, `${path}.extra_content`, foreign);
  return {
    type: "call",
    id: id ?? makeCallId(`messages ${position}`, index),
    name,
    input,
    kind,
    ...(seal !== undefined && { seal }),
  };
}

function readResult(message: JsonObject, calls: AnsweredCalls, path: string, foreign: Foreign): ResultBlock {
  const id = filledTextOf(message["tool_call_id"]);
  const name = filledTextOf(message["name"]);
  const call = calls.answer(id, name);
  const cache = readCacheMark(message);
  return {
    type: "result",
    callId: id ?? call?.id ?? name ?? "",
    blocks: readContent(message["content"], `${path}.content`, foreign).filter(isResultPart),
    isError: false,
    kind: call?.kind ?? "function",
    ...(cache !== undefined && { cache }),
  };
}

function isResultPart(block: Block): block is TextBlock | MediaBlock {
  return block.type !== "thinking" && block.type !== "call" && block.type !== "result" && block.type !== "opaque";
}
