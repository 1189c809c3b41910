import type { JsonObject } from "../../core/json/parse.ts";
import type { ModelAnswer } from "../form/answer.ts";
import type { Annotation, Block, CallBlock, MediaBlock, Seal } from "../form/blocks.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { carrySeals, type HiddenThought } from "./client-seals.ts";
import { writeFinishReason } from "./write-finish-reason.ts";
import { writeUsageMetadata } from "./usage.ts";

/** Writes a whole answer for a client of Gemini's API. */
export function writeAnswer(answer: ModelAnswer, ask: ClientAsk): JsonObject {
  const parts = writeParts(answer.blocks, showsThoughts(ask));
  const annotations = answer.blocks.flatMap((block) => (block.type === "text" ? (block.annotations ?? []) : []));
  return writeResponse(headOf(ask), parts, {
    ...writeFinishReason(answer.stop),
    ...writeGrounding(annotations),
    usage: answer.usage,
  });
}

/** What every response says, and each chunk of a stream. */
export const headOf = ({ model, newId, id }: ClientAsk): JsonObject => ({
  modelVersion: model,
  responseId: id ?? newId(),
});

/** Thoughts are for clients that ask for them. https://ai.google.dev/gemini-api/docs/thinking#summaries */
export const showsThoughts = ({ request }: ClientAsk): boolean => request.reasoning?.isShown === true;

/** A response or a chunk, with more members of its candidate. */
export function writeResponse(
  head: JsonObject,
  parts: readonly JsonObject[],
  { usage, ...candidate }: Partial<Pick<ModelAnswer, "usage">> & JsonObject,
): JsonObject {
  const content = { parts: parts.length === 0 ? [{ text: "" }] : parts, role: "model" };
  return {
    candidates: [{ content, ...candidate, index: 0 }],
    ...(usage && { usageMetadata: writeUsageMetadata(usage) }),
    ...head,
  };
}

function writeParts(blocks: readonly Block[], isShown: boolean): readonly JsonObject[] {
  const parts: JsonObject[] = [];
  let hidden: HiddenThought[] = [];
  for (const block of blocks) {
    if (block.type === "thinking" && (!isShown || block.text === "")) {
      if (block.seal) hidden.push({ text: block.text, seal: block.seal });
      continue;
    }
    const part = writePart(block, hidden);
    if (!part) continue;
    parts.push(part);
    hidden = [];
  }
  if (hidden.length > 0) parts.push(textPart("", hidden, undefined));
  return parts;
}

function writePart(block: Block, hidden: readonly HiddenThought[]): JsonObject | undefined {
  switch (block.type) {
    case "text":
      return block.text === "" && !block.seal ? undefined : textPart(block.text, hidden, block.seal);
    case "thinking":
      return thoughtPart(block.text, hidden, block.seal);
    case "call":
      return callPart(block, block.input, hidden, block.seal);
    case "image":
    case "document":
    case "audio":
    case "video":
      return mediaPart(block, hidden);
    default:
      // What only another wire has.
      return undefined;
  }
}

const signed = (hidden: readonly HiddenThought[], own: Seal | undefined): JsonObject => {
  const signature = carrySeals(hidden, own);
  return signature === undefined ? {} : { thoughtSignature: signature };
};

export const textPart = (text: string, hidden: readonly HiddenThought[], seal: Seal | undefined): JsonObject => ({
  text,
  ...signed(hidden, seal),
});

export const thoughtPart = (text: string, hidden: readonly HiddenThought[], seal: Seal | undefined): JsonObject => ({
  text,
  thought: true,
  ...signed(hidden, seal),
});

/** @param input as the model wrote it */
export const callPart = (
  { id, name, kind }: Pick<CallBlock, "id" | "name" | "kind">,
  input: string,
  hidden: readonly HiddenThought[],
  seal: Seal | undefined,
): JsonObject => ({
  functionCall: { id, name, args: kind === "custom" ? { input } : parseArguments(input) },
  ...signed(hidden, seal),
});

/** A picture that the model made. */
export function mediaPart({ source, mediaType }: MediaBlock, hidden: readonly HiddenThought[]): JsonObject | undefined {
  if (source.kind !== "base64") return undefined;
  return { inlineData: { mimeType: mediaType, data: source.data }, ...signed(hidden, undefined) };
}

/** Names the pages that an answer goes by, each once. Which words go by which is said in bytes here, and left out. */
export function writeGrounding(annotations: readonly Annotation[]): JsonObject {
  const pages = new Map<string, JsonObject>();
  for (const { url, title } of annotations) {
    if (url !== undefined && !pages.has(url))
      pages.set(url, { web: { uri: url, ...(title !== undefined && { title }) } });
  }
  return pages.size === 0 ? {} : { groundingMetadata: { groundingChunks: [...pages.values()] } };
}
