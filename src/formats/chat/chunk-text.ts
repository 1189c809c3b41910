import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError, Usage } from "../form/answer.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { writeUsage } from "./usage.ts";

/** Texts of the events of a client's stream, all of one answer. https://platform.openai.com/docs/api-reference/chat-streaming */
export interface ChunkTexts {
  delta(delta: JsonObject): string;
  finish(reason: string): string;
  usage(usage: Usage): string;
}

/** What is the same in all chunks is made into text once. */
export function createChunkTexts({ model, request, newId, createdAt, id }: ClientAsk): ChunkTexts {
  const head = JSON.stringify({
    id: id ?? `chatcmpl-${newId()}`,
    object: "chat.completion.chunk",
    created: createdAt,
    model,
    service_tier: null,
    system_fingerprint: null,
  }).slice(0, -1);
  // OpenAI says null in all chunks but the last if usage was asked for, and nothing if not.
  const tail = request.wantsUsage ? `],"usage":null}\n\n` : "]}\n\n";
  const choice = (delta: string, reason: string): string =>
    `data: ${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}${tail}`;
  return {
    delta: (delta) => choice(JSON.stringify(delta), "null"),
    finish: (reason) => choice("{}", JSON.stringify(reason)),
    usage: (usage) => `data: ${head},"choices":[],"usage":${JSON.stringify(writeUsage(usage))}}\n\n`,
  };
}

export const END_EVENT = "data: [DONE]\n\n";

/** An error in the middle of a stream: official clients throw it, and wait for no end. */
export function errorEvent({ message, type, code }: AnswerError): string {
  const error = { message, type: type ?? "upstream_error", param: null, code: code ?? null };
  return `data: ${JSON.stringify({ error })}\n\n`;
}
