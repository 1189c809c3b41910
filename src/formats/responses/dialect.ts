import type { ForeignMember } from "../form/conversation.ts";
import type { Dialect } from "../form/dialect.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { readStream } from "./read-stream.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";
import { writeStream } from "./write-stream.ts";

/** With these, what is added comes behind what they stand for, each time. A `conversation` would grow by itself as well. */
const REPEATABLE: ReadonlySet<string> = new Set(["previous_response_id", "prompt"]);

const mayRepeat = ({ path, isEssential }: ForeignMember): boolean => !isEssential || REPEATABLE.has(path);

/** What it calls otherwise than chat does. */
const MEMBER_NAMES = new Map([
  ["logprobs", "include"],
  ["max_tokens", "max_output_tokens"],
  ["thinking", "reasoning"],
  ["response_format", "text.format"],
  ["messages", "input"],
]);

/** OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses */
export const RESPONSES_DIALECT: Dialect = {
  memberNames: MEMBER_NAMES,
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readStream,
  writeStream,
  mayRepeat,
  takesCitations: true,
};
