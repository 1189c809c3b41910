import type { WireDialect } from "../form/dialect.ts";
import { readAnswer } from "./read-answer.ts";
import { readStream } from "./read-stream.ts";
import { needsBytes } from "./write-media.ts";
import { writeRequest } from "./write-request.ts";

/** Google's generateContent, on the way to and from the form between all formats, as providers speak it. */
export const GEMINI_WIRE: WireDialect = { needsBytes, writeRequest, readAnswer, readStream };
