import type { JsonObject } from "../../core/json/parse.ts";
import type { TextBlock } from "../form/blocks.ts";
import { appendBlocks, thoughtsFirst } from "../form/claude-turns.ts";
import type { Turn } from "../form/conversation.ts";
import { type OtherTurn, type Step, splitInstructions, stepsOf } from "../form/steps.ts";
import { isBillingHeader, systemReminder } from "../form/system-texts.ts";
import { openTellingApart } from "../form/tell-apart.ts";
import { tellResult, writeAssistantBlock, writeResult, writeText, writeUserBlock } from "./write-content.ts";
import type { Writing } from "./writing.ts";

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

export interface WrittenTurns {
  readonly system: readonly JsonObject[];
  readonly messages: readonly Message[];
  /** The model is to go on with calls that it has thought about before, and does not get its thoughts back. */
  readonly lacksThoughts: boolean;
  /** There are calls or results among the messages: the names of the tools that were called. */
  readonly called: ReadonlySet<string>;
}

/** Said for the user if nothing else is: conversations begin with the user, and documents come with a text. */
const NOTHING_SAID = { text: "." } as const;

/** Writes `system` and `messages`, in which user and assistant take turns. */
export function writeTurns(turns: readonly Turn[], writing: Writing): WrittenTurns {
  const { instructions, talk } = splitInstructions(turns);
  const system = instructions.flatMap(({ blocks }) => writeSystem(blocks, writing));
  const messages: Message[] = [];
  const tellApart = openTellingApart();
  for (const step of stepsOf(talk)) writeStep(tellApart(step), messages, writing);
  if (messages[0]?.role !== "user") {
    writing.note("adjusted", "messages");
    messages.unshift({ role: "user", content: [NOTHING_SAID] });
  }
  for (const message of messages) accompanyDocuments(message, writing);
  trimEnd(messages.at(-1));
  return { system, messages, ...lookAt(messages) };
}

const writeSystem = (blocks: readonly TextBlock[], writing: Writing): readonly JsonObject[] =>
  blocks.filter(({ text }) => !isBillingHeader(text)).flatMap((block) => writeText(block, writing));

/** The results come first in the turn behind their calls, each once. */
function writeStep({ said, results, others }: Step, messages: Message[], writing: Writing): void {
  const content = said.flatMap((block) => writeAssistantBlock(block, writing));
  const isAdaptive = writing.target.facts.thinking === "adaptive";
  appendBlocks(messages, "assistant", isAdaptive ? content : thoughtsFirst(content, isThought));
  const open = new Set(said.flatMap((block) => (block.type === "call" ? block.id : [])));
  const untold: JsonObject[] = [];
  for (const result of results) {
    if (!writing.tellsCalls && open.delete(result.callId)) appendBlocks(messages, "user", writeResult(result, writing));
    else for (const block of tellResult(result, writing)) untold.push(block);
  }
  if (untold.length > 0 && !writing.tellsCalls) writing.note("adjusted", "messages[].tool_call_id");
  appendBlocks(messages, "user", untold);
  for (const turn of others) writeOther(turn, messages, writing);
}

const isThought = (block: JsonObject): boolean => block["reasoningContent"] !== undefined;

function writeOther({ role, blocks }: OtherTurn, messages: Message[], writing: Writing): void {
  if (role === "user") {
    for (const block of blocks) appendBlocks(messages, "user", writeUserBlock(block, writing));
  } else {
    // Not moved to the instructions: that would change what comes before, and with it what is cached.
    appendBlocks(messages, "user", writeSystem(blocks, writing).map(remind));
  }
}

const remind = (block: JsonObject): JsonObject =>
  block["text"] === undefined ? block : { text: systemReminder(block["text"]) };

/** A message with a document must have a text, too. */
function accompanyDocuments({ content }: Message, writing: Writing): void {
  if (!content.some(({ document }) => document) || content.some(({ text }) => text !== undefined)) return;
  writing.note("adjusted", "messages");
  content.push(NOTHING_SAID);
}

/** What the assistant is to go on with must not end with white space. */
function trimEnd(last: Message | undefined): void {
  const text = last?.role === "assistant" ? last.content.at(-1)?.["text"] : undefined;
  if (typeof text === "string") last?.content.splice(-1, 1, { text: text.trimEnd() });
}

function lookAt(messages: readonly Message[]): Pick<WrittenTurns, "called" | "lacksThoughts"> {
  const called = new Set<string>();
  for (const { content } of messages) for (const block of content) for (const name of callsIn(block)) called.add(name);
  const said = messages.findLast(({ role }) => role === "assistant")?.content ?? [];
  const [first] = said;
  const hasCalls = said.some((block) => callsIn(block).length > 0);
  return { called, lacksThoughts: hasCalls && !(first && isThought(first)) };
}

function callsIn({ toolUse }: JsonObject): readonly string[] {
  return typeof toolUse === "object" && toolUse !== null && "name" in toolUse ? [String(toolUse.name)] : [];
}
