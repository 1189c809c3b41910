import type { ClientDialect } from "../form/dialect.ts";
import { readRequest } from "./read-request.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeStream } from "./write-stream.ts";

/** Gemini's generateContent as an API of clients, on the way to and from the form between all formats. */
export const GEMINI_CLIENT: ClientDialect = {
  readRequest,
  writeAnswer,
  writeStream,
};
