import type { ClientDialect } from "../form/dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeStream } from "./write-stream.ts";

/** Gemini's generateContent as an API of clients, on the way to and from the form between all formats. */
/** https://ai.google.dev/api/generate-content#generationconfig */
const MEMBER_NAMES = new Map([
  ["n", "generationConfig.candidateCount"],
  ["stop", "generationConfig.stopSequences"],
  ["logprobs", "generationConfig.responseLogprobs"],
  ["response_format", "generationConfig.responseSchema"],
  ["tool_choice", "toolConfig.functionCallingConfig"],
]);

export const GEMINI_CLIENT: ClientDialect = {
  memberNames: MEMBER_NAMES,
  readRequest,
  writeAnswer,
  writeStream,
};
