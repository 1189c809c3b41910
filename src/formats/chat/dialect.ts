import type { Dialect } from "../form/dialect.ts";
import { continuationFor } from "./provider-traits.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { readStream } from "./read-stream.ts";
import { writeAnswer } from "./write-answer.ts";
import { needsBytes } from "./write-content.ts";
import { writeRequest } from "./write-request.ts";
import { writeStream } from "./write-stream.ts";

/** OpenAI's Chat Completions, with what other providers add to it. https://platform.openai.com/docs/api-reference/chat */
export const CHAT_DIALECT: Dialect = {
  readRequest,
  needsBytes,
  continues: (target) => continuationFor(target) !== undefined,
  writeRequest,
  readAnswer,
  writeAnswer,
  readStream,
  writeStream,
};
