import { ERROR_SHAPES } from "./error-shapes.ts";
import { HEAD_SHAPES } from "./head-shapes.ts";
import { JSON_SHAPES, WIDE_SHAPES } from "./json-shapes.ts";
import { answerBytes, headOf, inSingleBytes } from "./provider-answer.ts";
import { STREAM_SHAPES } from "./stream-shapes.ts";

const KIB = 1024;
const CHUNKED_HEAD = headOf("200 OK", ["content-type: application/json", "transfer-encoding: chunked"]);
const inBraces = (members: Uint8Array): Buffer => Buffer.concat([Buffer.from("{"), members, Buffer.from("}")]);
const stream = (body: Uint8Array, chunkBytes: number): Buffer =>
  answerBytes(body, { type: "text/event-stream", chunkBytes });

/** Every kind of answer that the guard tests send, in the bytes of HTTP: more than any gateway should read to the end. */
export const HOSTILE_ANSWERS: readonly Buffer[] = [
  ...[...JSON_SHAPES, ...WIDE_SHAPES].map(({ members }) => answerBytes(inBraces(members(512 * KIB)))),
  ...ERROR_SHAPES.map(([, body]) => answerBytes(body(200 * KIB), { status: "500 Internal Server Error" })),
  ...HEAD_SHAPES.map(([, lines]) => headOf("200 OK", ["content-length: 0", ...lines(48 * KIB)])),
  ...STREAM_SHAPES.flatMap(([, body]) => [stream(body(512 * KIB), 64 * KIB), stream(body(64 * KIB), 200)]),
  ...STREAM_SHAPES.map(([, body]) => stream(body(8 * KIB), 1)),
  Buffer.concat([CHUNKED_HEAD, inSingleBytes(256 * KIB)]),
  answerBytes(Buffer.alloc(8000 * KIB, " ")),
  answerBytes(Bun.gzipSync(Buffer.alloc(32_000 * KIB)), { fields: ["content-encoding: gzip"] }),
];
