import type { WireDialect } from "../form/dialect.ts";
import { EVENT_STREAM } from "./framing.ts";
import { readAnswer } from "./read-answer.ts";
import { readStream } from "./read-stream.ts";
import { needsBytes } from "./write-media.ts";
import { writeRequest } from "./write-request.ts";

/** Bedrock's Converse, on the way from and to the form between all formats. */
export const CONVERSE_DIALECT: WireDialect = {
  writeRequest,
  readAnswer,
  readStream,
  framing: EVENT_STREAM,
  needsBytes,
};
