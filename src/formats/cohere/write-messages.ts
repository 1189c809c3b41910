import type { JsonObject } from "../../core/json/parse.ts";
import { isBillingHeader } from "../form/system-texts.ts";
import { type Block, isBlank, type MediaBlock, type ResultBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { type Step, stepsOf } from "../form/steps.ts";
import { openTellingApart } from "../form/tell-apart.ts";
import { writeAssistant, writeUserContent, type WriteContext } from "./write-content.ts";

/** Said for the user if nothing else is: there must be a message. */
const NOTHING_SAID: JsonObject = { role: "user", content: "." };

/**
 * Writes `messages`. What the assistant says between two turns of others is one message, as the results of all of its
 * calls must come right behind it.
 * @throws CannotTranslate if the last message begins the answer, as the model would begin another one
 */
export function writeMessages(turns: readonly Turn[], context: WriteContext): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  const tellApart = openTellingApart();
  for (const step of stepsOf(turns)) writeStep(tellApart(step), messages, context);
  if (messages.length === 0) {
    context.notes.adjusted("messages");
    messages.push(NOTHING_SAID);
  }
  const last = messages.at(-1);
  if (last?.["role"] === "assistant" && last["tool_calls"] === undefined) {
    throw new CannotTranslate("messages", "it does not go on with an answer that the last message begins");
  }
  return messages;
}

function writeStep({ said, results, others }: Step, messages: JsonObject[], context: WriteContext): void {
  const message = writeAssistant(said, context);
  if (message) messages.push(message);
  const open = new Set(said.flatMap((block) => (block.type === "call" ? block.id : [])));
  const orphans: ResultBlock[] = [];
  /** Media of results, which tool messages cannot hold: for the user's message behind them. */
  const attachments: MediaBlock[] = [];
  for (const result of results) {
    if (!open.delete(result.callId)) orphans.push(result);
    else messages.push(writeResult(result, attachments, context));
  }
  const told = orphans.flatMap(tellResult);
  if (told.length > 0) context.notes.adjusted("messages[].tool_call_id");
  const waiting: Block[] = [...attachments, ...told];
  for (const turn of others) {
    if (turn.role === "user") pushUser([...waiting.splice(0), ...turn.blocks], messages, context);
    else {
      pushUser(waiting.splice(0), messages, context);
      pushSystem(turn.blocks, messages);
    }
  }
  pushUser(waiting, messages, context);
}

function pushUser(blocks: readonly Block[], messages: JsonObject[], context: WriteContext): void {
  const content = writeUserContent(blocks, context);
  if (content !== undefined) messages.push({ role: "user", content });
  // What was given is elsewhere in the request: it is the turn of the model all the same.
  else if (blocks.some(({ type }) => type === "document")) messages.push(NOTHING_SAID);
}

function pushSystem(blocks: readonly Block[], messages: JsonObject[]): void {
  const texts = textsOf(blocks).filter((text) => !isBlank(text) && !isBillingHeader(text));
  if (texts.length === 0) return;
  const content = texts.length === 1 ? texts[0] : texts.map((text) => ({ type: "text", text }));
  messages.push({ role: "system", content });
}

const textsOf = (blocks: readonly Block[]): readonly string[] =>
  blocks.flatMap((block) => (block.type === "text" ? block.text : []));

/** What a result says that says nothing. */
const NO_WORDS = "(no output)";
const ATTACHED = "(see attachment)";

function writeResult(result: ResultBlock, attachments: MediaBlock[], { notes }: WriteContext): JsonObject {
  const { callId, blocks, isError } = result;
  const media = blocks.filter((block) => block.type !== "text");
  for (const block of media) attachments.push(block);
  if (media.length > 0) notes.adjusted("tool_result.images");
  if (isError) notes.adjusted("is_error");
  const said = textsOf(blocks).filter((text) => !isBlank(text));
  const texts = said.length > 0 ? said : [media.length > 0 ? ATTACHED : NO_WORDS];
  const [first = "", ...more] = texts;
  // The wire has no member that says that the tool failed.
  const told = [isError ? `Error: ${first}` : first, ...more];
  const content = told.length === 1 ? told[0] : told.map((text) => ({ type: "text", text }));
  return { role: "tool", tool_call_id: callId, content };
}

/** A result of a call that is not in the turn before is told to the model in words: as a result it would be refused. */
const tellResult = ({ blocks, isError }: ResultBlock): readonly Block[] => [
  { type: "text", text: isError ? "Tool result (failed):" : "Tool result:" },
  ...blocks,
];
