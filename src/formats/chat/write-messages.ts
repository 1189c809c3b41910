import type { JsonObject } from "../../core/json/parse.ts";
import { isBillingHeader } from "../form/system-texts.ts";
import type { Block, CacheMark, CallBlock, MediaBlock, ResultBlock, TextBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { fitCallId } from "../form/call-ids.ts";
import { functionArguments } from "../form/function-tools.ts";
import { placeResults } from "../form/place-results.ts";
import { signatureMember } from "./call-items.ts";
import { mergeTurns } from "./merge-turns.ts";
import { mustTakeTurns } from "./provider-traits.ts";
import { originOf } from "./thoughts.ts";
import { fitToolName } from "../form/tool-names.ts";
import { type WriteContext, writeCacheMark, writeParts, writeText, writeTexts } from "./write-content.ts";
import { writeThoughts } from "./write-thoughts.ts";

/**
 * Writes `messages`. Turns of an assistant in a row become one message, as the results of all of its calls must come
 * right behind it, and so do leading instructions, of which most chat templates take one message.
 */
export function writeMessages(turns: readonly Turn[], context: WriteContext): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  /** Media of results, which tool messages cannot hold: for the user's message behind them. */
  let attachments: MediaBlock[] = [];
  const takeTurns = mustTakeTurns(context.provider, context.model);
  const bridge = (): void => {
    if (takeTurns && messages.at(-1)?.["role"] === "tool") messages.push(ACKNOWLEDGEMENT);
  };
  const attach = (): void => {
    if (attachments.length === 0) return;
    bridge();
    messages.push({ role: "user", content: writeParts(attachments, context) });
    attachments = [];
  };
  const placed = placeResults(turns, "chat", () => context.notes.adjusted("messages[].tool_call_id"));
  for (const turn of mergeTurns(placed, takeTurns, context.traits)) {
    if (turn.role === "user") {
      bridge();
      const content = writeParts([...attachments, ...turn.blocks.filter(isAsked)], context);
      attachments = [];
      messages.push({ role: "user", content });
      continue;
    }
    if (turn.role !== "tool") attach();
    switch (turn.role) {
      case "system":
      case "developer":
        bridge();
        messages.push(...writeInstructions(turn.role, turn.blocks, context));
        break;
      case "assistant":
        messages.push(...writeAssistant(turn.blocks, context));
        break;
      case "tool":
        for (const block of turn.blocks) {
          if (block.type !== "result") continue;
          messages.push(writeResult(block, context));
          for (const part of block.blocks) if (part.type !== "text") attachments.push(part);
        }
    }
  }
  attach();
  return messages;
}

const ACKNOWLEDGEMENT: JsonObject = { role: "assistant", content: "OK" };

function writeInstructions(
  role: "system" | "developer",
  blocks: readonly TextBlock[],
  context: WriteContext,
): readonly JsonObject[] {
  const texts = blocks.filter(({ text }) => !isBillingHeader(text));
  if (texts.length === 0 && blocks.length > 0) return [];
  return [{ role: context.traits.isOpenAi ? role : "system", content: writeTexts(texts, context) }];
}

/** What a user gives must not be left out without a word; only the traces of what a provider did may be. */
function isAsked(block: Block): block is TextBlock | MediaBlock {
  if (block.type === "opaque") throw new CannotTranslate(block.name, "chat completions have no place for it");
  return block.type !== "thinking" && block.type !== "call" && block.type !== "result";
}

const isPart =
  ({ notes }: WriteContext) =>
  (block: Block): block is TextBlock | MediaBlock => {
    if (block.type === "opaque") notes.dropped(block.name);
    return block.type !== "opaque" && block.type !== "thinking" && block.type !== "call" && block.type !== "result";
  };

/** @returns none if nothing of the turn can be said here */
function writeAssistant(blocks: readonly Block[], context: WriteContext): readonly JsonObject[] {
  const said = blocks.filter(isPart(context));
  const texts = said.filter((block) => block.type === "text");
  if (said.length > texts.length) context.notes.dropped("assistant.images");
  const calls = blocks.filter((block) => block.type === "call").map((call, index) => writeCall(call, index, context));
  const thoughts = writeThoughts(blocks, context);
  const isEmpty = Object.keys(thoughts.members).length === 0 && thoughts.parts.length === 0;
  if (texts.length === 0 && calls.length === 0 && isEmpty && blocks.length > 0) return [];
  return [
    {
      role: "assistant",
      ...writeSaid(texts, thoughts.parts, calls.length > 0, context),
      ...thoughts.members,
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ];
}

function writeSaid(
  texts: readonly TextBlock[],
  thoughts: readonly JsonObject[],
  hasCalls: boolean,
  context: WriteContext,
): JsonObject {
  const [first] = texts;
  if (context.traits.isOpenAi && texts.some(({ isRefusal }) => isRefusal)) {
    if (texts.length === 1) return { content: null, refusal: first?.text };
    return { content: texts.map((block) => writeRefusable(block, context)) };
  }
  if (thoughts.length > 0) return { content: [...thoughts, ...texts.map((block) => writeText(block, context))] };
  return { content: first === undefined ? (hasCalls ? null : "") : writeTexts(texts, context) };
}

function writeRefusable(block: TextBlock, context: WriteContext): JsonObject {
  return block.isRefusal === true ? { type: "refusal", refusal: block.text } : writeText(block, context);
}

function writeCall(call: CallBlock, index: number, context: WriteContext): JsonObject {
  const { id, input, kind } = call;
  const { traits } = context;
  const item = { id: fitCallId(id, traits.callIds) };
  const name = fitToolName(call.name);
  const signature = writeSignature(call, index, context);
  if (kind === "custom" && traits.isOpenAi) return { ...item, type: "custom", custom: { name, input } };
  return { ...item, type: "function", function: { name, arguments: functionArguments(call) }, ...signature };
}

/**
 * Gemini 3 refuses the first call of each step without a signature; this is Google's word for one that is lost.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const LOST_SIGNATURE = "skip_thought_signature_validator";
const WITHOUT_SIGNATURES = /gemini-[12]\b/;

function writeSignature(
  { seal }: CallBlock,
  index: number,
  { provider, model, traits, notes }: WriteContext,
): JsonObject {
  if (seal?.origin === originOf(provider)) return signatureMember(seal.value);
  if (seal !== undefined) notes.dropped("thinking");
  if (!traits.signsCalls || index > 0 || WITHOUT_SIGNATURES.test(model)) return {};
  notes.adjusted("thought_signature");
  return signatureMember(LOST_SIGNATURE);
}

function writeResult(result: ResultBlock, context: WriteContext): JsonObject {
  const texts = result.blocks.filter((block) => block.type === "text");
  const hasMedia = texts.length < result.blocks.length;
  if (result.isError) context.notes.adjusted("is_error");
  const prefixed = markLast(result.isError ? prefix(texts) : texts, result.cache, context);
  const content = prefixed.length === 0 && hasMedia ? "(see attachment)" : writeTexts(prefixed, context);
  if (hasMedia) context.notes.adjusted("tool_result.images");
  const id = fitCallId(result.callId, context.traits.callIds);
  const message = { role: "tool", tool_call_id: id, content };
  return { ...message, ...writeCacheMark(result.cache, context) };
}

/** OpenAI has marks only of parts. */
function markLast(texts: readonly TextBlock[], cache: CacheMark | undefined, { cacheMarks }: WriteContext) {
  const last = texts.at(-1);
  if (cache === undefined || last === undefined || cacheMarks !== "prompt_cache_breakpoint") return texts;
  return [...texts.slice(0, -1), { ...last, cache }];
}

const ERROR_MARK = "Error: ";

/** A tool message has no member that says that its tool failed. Tools of the gateway say it themselves. */
function prefix([first, ...others]: readonly TextBlock[]): readonly TextBlock[] {
  const { text = "", ...block } = first ?? { type: "text" as const };
  return [{ ...block, text: text.startsWith(ERROR_MARK) ? text : ERROR_MARK + text }, ...others];
}
