import type { WireDialect } from "../form/dialect.ts";
import { readAnswer } from "./read-answer.ts";
import { readStream } from "./read-stream.ts";
import { writeRequest } from "./write-request.ts";

/** Cohere's chat in its second version, on the way from and to the form between all formats. */
export const COHERE_DIALECT: WireDialect = { writeRequest, readAnswer, readStream };
