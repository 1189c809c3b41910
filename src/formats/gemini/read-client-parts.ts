import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, isSet, textOf } from "../../core/json/values.ts";
import type { Block, CallBlock, Seal, TextBlock, ThinkingBlock } from "../form/blocks.ts";
import type { ForeignMember } from "../form/conversation.ts";
import { camelObjectOf } from "./camel-members.ts";
import { openSignature } from "./client-seals.ts";
import { readMedia } from "./read-media.ts";
import { type CallIds, readResult } from "./read-results.ts";

/** What is shared by all that read the contents of one request. */
export interface ReadingContents {
  readonly foreign: ForeignMember[];
  readonly calls: CallIds;
}

/** Traces of tools that the provider ran itself: what they brought is in the text that follows. */
const TRACES = ["executableCode", "codeExecutionResult", "toolCall", "toolResponse"] as const;

/** Members of a part that say something of the one that it holds. */
const BESIDE: ReadonlySet<string> = new Set([
  "thought",
  "thoughtSignature",
  "videoMetadata",
  "mediaResolution",
  "partMetadata",
]);

/** Reads one part of the model: usually one block, with what was thought before it. */
export function readModelPart(part: JsonObject, path: string, { foreign, calls }: ReadingContents): readonly Block[] {
  const signature = openSignature(part["thoughtSignature"]);
  const before = (signature?.thoughts ?? []).map(({ text, seal }): ThinkingBlock => ({ type: "thinking", text, seal }));
  const call = camelObjectOf(part["functionCall"]);
  if (call) return [...before, readCall(call, signature?.own, calls)];
  const text = textOf(part["text"]);
  if (part["thought"] === true) {
    // What else a thought may be, such as a picture, is of no use to anybody.
    return [...before, { type: "thinking", text: text ?? "", seal: signature?.own }];
  }
  if (text !== undefined || isOnlySigned(part)) return [...before, ...readText(text ?? "", signature?.own)];
  return [...before, ...readOther(part, path, foreign)];
}

const isOnlySigned = (part: JsonObject): boolean => Object.keys(part).every((name) => BESIDE.has(name));

const readText = (text: string, seal: Seal | undefined): readonly TextBlock[] =>
  text === "" && !seal ? [] : [{ type: "text", text, ...(seal && { seal }) }];

function readCall(call: JsonObject, seal: Seal | undefined, calls: CallIds): CallBlock {
  const name = filledTextOf(call["name"]) ?? "";
  return {
    type: "call",
    id: calls.ofCall(filledTextOf(call["id"]), name),
    name,
    input: isSet(call["args"]) ? JSON.stringify(call["args"]) : "{}",
    kind: "function",
    ...(seal && { seal }),
  };
}

/** Reads one part of the user. */
export function readUserPart(part: JsonObject, path: string, { foreign, calls }: ReadingContents): readonly Block[] {
  const response = camelObjectOf(part["functionResponse"]);
  if (response) return [readResult(response, `${path}.functionResponse`, calls, foreign)];
  const text = textOf(part["text"]);
  if (text !== undefined) return [{ type: "text", text }];
  return readOther(part, path, foreign);
}

function readOther(part: JsonObject, path: string, foreign: ForeignMember[]): readonly Block[] {
  if (isSet(part["inlineData"]) || isSet(part["fileData"])) {
    const media = readMedia(part, path, foreign);
    return media ? [media] : [];
  }
  const name = Object.keys(part).find((member) => !BESIDE.has(member));
  if (name !== undefined) {
    foreign.push({ path: `${path}.${name}`, isEssential: !TRACES.some((trace) => trace === name) });
  }
  return [];
}
