import type { ClientDialect } from "../form/dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeStream } from "./write-stream.ts";

/** What it calls otherwise than chat does. https://ai.google.dev/api/generate-content#generationconfig */
const MEMBER_NAMES = new Map([
  ["n", "generationConfig.candidateCount"],
  ["stop", "generationConfig.stopSequences"],
  ["logprobs", "generationConfig.responseLogprobs"],
  ["max_tokens", "generationConfig.maxOutputTokens"],
  ["temperature", "generationConfig.temperature"],
  ["top_p", "generationConfig.topP"],
  ["top_k", "generationConfig.topK"],
  ["seed", "generationConfig.seed"],
  ["presence_penalty", "generationConfig.presencePenalty"],
  ["frequency_penalty", "generationConfig.frequencyPenalty"],
  ["thinking", "generationConfig.thinkingConfig"],
  ["thinking.budget_tokens", "generationConfig.thinkingConfig.thinkingBudget"],
  ["reasoning", "generationConfig.thinkingConfig"],
  ["response_format", "generationConfig.responseSchema"],
  ["tool_choice", "toolConfig.functionCallingConfig"],
  ["messages", "contents"],
]);

/** Gemini's generateContent as an API of clients, on the way to and from the form between all formats. */
export const GEMINI_CLIENT: ClientDialect = {
  memberNames: MEMBER_NAMES,
  readRequest,
  writeAnswer,
  writeStream,
};
