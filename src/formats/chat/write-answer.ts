import type { JsonObject } from "../../core/json/parse.ts";
import type { ModelAnswer, Stop } from "../form/answer.ts";
import type { Block, CallBlock, TextBlock } from "../form/blocks.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { wrapSeal } from "../form/seal-envelope.ts";
import { writeAnnotation } from "./annotations.ts";
import { signatureMember, unwrapCustomInput } from "./call-items.ts";
import { customToolNames } from "./client-calls.ts";
import { writeFinishReason } from "./finish-reason.ts";
import { writeUsage } from "./usage.ts";
import { writeDetails } from "./client-thoughts.ts";
import { writeImage } from "./media.ts";

/** Writes a `chat.completion`, with all members that OpenAI's own answers have. */
export function writeAnswer({ blocks, stop, usage }: ModelAnswer, ask: ClientAsk): JsonObject {
  const refusal = refusalOf(blocks, stop);
  const calls = blocks.filter((block) => block.type === "call");
  const customTools = customToolNames(ask.request.tools);
  const message = {
    role: "assistant",
    ...writeSaid(blocks, calls.length > 0),
    refusal,
    ...(calls.length > 0 && { tool_calls: calls.map((call) => writeCall(call, customTools)) }),
    ...writeThoughts(blocks),
    ...writeImages(blocks),
  };
  const hasCalls = calls.some(({ isAnswered }) => !isAnswered);
  const finish_reason = writeFinishReason(stop, { hasCalls, hasRefusal: refusal !== null });
  return {
    id: `chatcmpl-${ask.newId()}`,
    object: "chat.completion",
    created: ask.createdAt,
    model: ask.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...(usage !== undefined && { usage: writeUsage(usage) }),
    service_tier: null,
    system_fingerprint: null,
  };
}

const isSaid = (block: Block): block is TextBlock => block.type === "text" && block.isRefusal !== true;

function refusalOf(blocks: readonly Block[], stop: Stop): string | null {
  const refusals = blocks.filter((block) => block.type === "text" && block.isRefusal === true);
  if (refusals.length > 0) return refusals.map((block) => (block.type === "text" ? block.text : "")).join("");
  return stop.reason === "refusal" ? (stop.explanation ?? null) : null;
}

/** Texts are one text here, so places in them move. */
function writeSaid(blocks: readonly Block[], hasCalls: boolean): JsonObject {
  const annotations: JsonObject[] = [];
  const texts: string[] = [];
  let offset = 0;
  for (const block of blocks) {
    if (!isSaid(block)) continue;
    for (const annotation of block.annotations ?? []) {
      const written = writeAnnotation(annotation, offset, block.text.length);
      if (written !== undefined) annotations.push(written);
    }
    texts.push(block.text);
    offset += block.text.length;
  }
  const isSilent = offset === 0 && (hasCalls || blocks.some((block) => block.type === "text" && block.isRefusal));
  return { content: isSilent ? null : texts.join(""), annotations };
}

function writeCall({ id, name, input, kind, seal }: CallBlock, customTools: ReadonlySet<string>): JsonObject {
  const signature = seal === undefined ? {} : signatureMember(wrapSeal(seal));
  if (kind === "custom") return { id, type: "custom", custom: { name, input }, ...signature };
  if (customTools.has(name)) {
    return { id, type: "custom", custom: { name, input: unwrapCustomInput(input) }, ...signature };
  }
  return { id, type: "function", function: { name, arguments: input === "" ? "{}" : input }, ...signature };
}

function writeImages(blocks: readonly Block[]): JsonObject {
  const images = blocks.flatMap((block) => (block.type === "image" ? (writeImage(block) ?? []) : []));
  return images.length > 0 ? { images } : {};
}

/** `reasoning_content` for clients that show it, and `reasoning_details` for those that give back what must come back. */
function writeThoughts(blocks: readonly Block[]): JsonObject {
  const texts: string[] = [];
  const details: JsonObject[] = [];
  let index = 0;
  let hasText = false;
  for (const block of blocks) {
    if (block.type === "thinking") {
      texts.push(block.text);
      for (const item of writeDetails(block.text, block.seal, index)) details.push(item);
      index += 1;
    } else if (block.type === "call") {
      index += 1;
    } else if (isSaid(block) && block.text !== "") {
      // All texts are read back as one, where the first one was.
      if (!hasText) index += 1;
      hasText = true;
      if (block.seal === undefined) continue;
      details.push(...writeDetails("", { ...block.seal, kind: "encrypted" }, index));
      index += 1;
    }
  }
  if (details.length === 0) return {};
  return { ...(texts.length > 0 && { reasoning_content: texts.join("") }), reasoning_details: details };
}
