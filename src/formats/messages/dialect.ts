import type { Dialect } from "../form/dialect.ts";
import { readCount, writeCountRequest } from "./count-tokens.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { readStream } from "./read-stream.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";
import { writeStream } from "./write-stream.ts";

/** Anthropic's Messages, on the way to and from the form between all formats. */
export const MESSAGES_DIALECT: Dialect = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readStream,
  writeStream,
  wireCount: { writeRequest: writeCountRequest, readCount },
};
