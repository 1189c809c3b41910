import { type CallBlock, isCall, type ResultBlock, type TextBlock } from "../form/blocks.ts";
import type { Turn } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { type OtherTurn, type Step, splitInstructions, stepsOf } from "../form/steps.ts";
import { isBillingHeader, systemReminder } from "../form/system-texts.ts";
import { writeModelParts, writeUserParts } from "./write-parts.ts";
import { writeLateResult, writeResults } from "./write-results.ts";
import type { WireObject, Writing } from "./writing.ts";

interface Content {
  readonly role: "user" | "model";
  readonly parts: WireObject[];
}

export interface WrittenContents {
  readonly systemInstruction: WireObject | undefined;
  readonly contents: readonly Content[];
}

/** Said for the user if nothing else is: the user must have the first word. */
const NOTHING_SAID = ".";

/**
 * Writes `systemInstruction` and `contents`. Neighbours of one role are one content.
 * @throws CannotTranslate for results of calls that are not in the conversation, as they have no name
 */
export function writeContents(turns: readonly Turn[], writing: Writing): WrittenContents {
  const { instructions, talk } = splitInstructions(turns);
  const system = instructions.flatMap(({ blocks }) => textsOf(blocks)).map((text) => ({ text }));
  const contents: Content[] = [];
  const called = new Set<string>();
  for (const step of stepsOf(talk)) writeStep(step, contents, called, writing);
  if (contents[0]?.role !== "user") {
    writing.note("adjusted", "messages");
    contents.unshift({ role: "user", parts: [{ text: NOTHING_SAID }] });
  }
  return { systemInstruction: system.length > 0 ? { parts: system } : undefined, contents };
}

const textsOf = (blocks: readonly TextBlock[]): readonly string[] =>
  blocks.map(({ text }) => text).filter((text) => text !== "" && !isBillingHeader(text));

/** The results come first in the turn behind their calls, each once. */
function writeStep({ said, results, others }: Step, contents: Content[], called: Set<string>, writing: Writing): void {
  append(contents, "model", writeModelParts(said, writing));
  const calls = said.filter(isCall);
  for (const { id } of calls) called.add(id);
  // Some providers count the ids of their calls from the beginning again, or give several the same.
  const open = new Map<string, number[]>();
  for (const [at, { id }] of calls.entries()) {
    const same = open.get(id);
    if (same) same.push(at);
    else open.set(id, [at]);
  }
  const answers: { readonly call: CallBlock; readonly result: ResultBlock }[] = [];
  const late: ResultBlock[] = [];
  for (const result of results) {
    const at = open.get(result.callId)?.shift();
    const call = at === undefined ? undefined : calls[at];
    if (at !== undefined && call) answers[at] = { call, result };
    else if (called.has(result.callId)) late.push(result);
    else throw new CannotTranslate("messages[].tool_call_id", "the call of this result is not in the conversation");
  }
  append(contents, "user", writeResults(answers.filter(Boolean), writing));
  for (const result of late) {
    writing.note("adjusted", "messages[].tool_call_id");
    append(contents, "user", writeLateResult(result, writing));
  }
  for (const turn of others) append(contents, "user", writeOther(turn, writing));
}

function writeOther({ role, blocks }: OtherTurn, writing: Writing): readonly WireObject[] {
  if (role === "user") return writeUserParts(blocks, writing);
  // Not moved to the instructions: that would change what comes before, and with it what is cached.
  return textsOf(blocks).map((text) => ({ text: systemReminder(text) }));
}

function append(contents: Content[], role: Content["role"], parts: readonly WireObject[]): void {
  if (parts.length === 0) return;
  const last = contents.at(-1);
  if (last?.role === role) for (const part of parts) last.parts.push(part);
  else contents.push({ role, parts: [...parts] });
}
