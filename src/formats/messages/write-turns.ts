import type { ResultBlock, TextBlock } from "../form/blocks.ts";
import { type OtherTurn, type Step, splitInstructions, stepsOf } from "../form/steps.ts";
import { systemReminder } from "../form/system-texts.ts";
import { openTellingApart } from "../form/tell-apart.ts";
import { appendBlocks, thoughtsFirst } from "../form/claude-turns.ts";
import type { Turn } from "../form/conversation.ts";
import type { WireObject } from "./members.ts";
import { compact, writeAssistantBlock, writeOrphan, writeResult, writeText, writeUserBlock } from "./write-content.ts";
import type { Writing } from "./writing.ts";

interface Message {
  readonly role: "user" | "assistant" | "system";
  readonly content: WireObject[];
}

export interface WrittenTurns {
  readonly system: string | readonly WireObject[] | undefined;
  readonly messages: readonly WireObject[];
  /**
   * The provider is to go on with calls that it has thought about before, and does not get its thoughts back: with a
   * budget that is refused, unless the model is told not to think.
   */
  readonly lacksThoughts: boolean;
}

/** Said for the user if nothing else is: there must be a message. */
const NOTHING_SAID = ".";

/** Writes `system` and `messages`. */
export function writeTurns(turns: readonly Turn[], writing: Writing): WrittenTurns {
  const { instructions, talk } = splitInstructions(turns);
  const system = instructions.flatMap(({ blocks }) => writeSystem(blocks, writing));
  const messages: Message[] = [];
  const tellApart = openTellingApart();
  for (const step of stepsOf(talk)) writeStep(tellApart(step), messages, writing);
  if (messages.length === 0) {
    writing.note("adjusted", "messages");
    messages.push({ role: "user", content: [{ type: "text", text: NOTHING_SAID }] });
  }
  trimEnd(messages.at(-1));
  const lacksThoughts = isWithoutThoughts(messages);
  return {
    system: system.length > 0 ? compact(system) : undefined,
    messages: messages.map(({ role, content }) => ({ role, content: compact(content) })),
    lacksThoughts,
  };
}

const writeSystem = (blocks: readonly TextBlock[], writing: Writing): readonly WireObject[] =>
  blocks.flatMap((block) => writeText(block, writing));

/** The results come first in the turn behind their calls, each once. */
function writeStep({ said, results, others }: Step, messages: Message[], writing: Writing): void {
  const content = said.flatMap((block) => writeAssistantBlock(block, writing));
  const isAdaptive = writing.target.facts.thinking === "adaptive";
  appendBlocks(messages, "assistant", isAdaptive ? content : thoughtsFirst(content, isThought));
  const open = new Set(said.flatMap((block) => (block.type === "call" ? block.id : [])));
  const orphans: ResultBlock[] = [];
  for (const result of results) {
    if (open.delete(result.callId)) appendBlocks(messages, "user", [writeResult(result, writing)]);
    else orphans.push(result);
  }
  for (const orphan of orphans) {
    writing.note("adjusted", "messages[].tool_call_id");
    appendBlocks(messages, "user", writeOrphan(orphan, writing));
  }
  for (const turn of others) writeOther(turn, messages, writing);
}

const isThought = (block: WireObject): boolean => block["type"] === "thinking" || block["type"] === "redacted_thinking";

function writeOther({ role, blocks }: OtherTurn, messages: Message[], writing: Writing): void {
  if (role === "user") {
    for (const block of blocks) appendBlocks(messages, "user", writeUserBlock(block, writing));
  } else if (writing.target.facts.takesSystemTurns) {
    appendBlocks(messages, "system", writeSystem(blocks, writing));
  } else {
    // Not moved to the instructions: that would change what comes before, and with it what is cached.
    appendBlocks(messages, "user", writeSystem(blocks, writing).map(remind));
  }
}

const remind = (block: WireObject): WireObject => {
  block["text"] = systemReminder(block["text"]);
  return block;
};

/** What the assistant is to go on with must not end with white space. */
function trimEnd(last: Message | undefined): void {
  const block = last?.role === "assistant" ? last.content.at(-1) : undefined;
  if (block?.["type"] === "text" && typeof block["text"] === "string") block["text"] = block["text"].trimEnd();
}

function isWithoutThoughts(messages: readonly Message[]): boolean {
  const said = messages.findLast(({ role }) => role === "assistant")?.content ?? [];
  const [first] = said;
  return said.some(({ type }) => type === "tool_use") && !(first && isThought(first));
}
