/**
 * A provider as bad as can be, as a process of its own, so that it can be killed and stopped: each answer is one of those that
 * the guard tests send, whatever was asked. Reports by an IPC message when it listens. Environment: `PORT`, `SEED`.
 */
import { ERROR_SHAPES } from "../../test/abuse/error-shapes.ts";
import { HEAD_SHAPES } from "../../test/abuse/head-shapes.ts";
import { JSON_SHAPES, WIDE_SHAPES } from "../../test/abuse/json-shapes.ts";
import { answerBytes, headOf, inSingleBytes } from "../../test/abuse/provider-answer.ts";
import { STREAM_SHAPES } from "../../test/abuse/stream-shapes.ts";
import { startProvider } from "../targets/provider.ts";
import { createRandom } from "./random.ts";

const KIB = 1024;
const CHUNKED_HEAD = headOf("200 OK", ["content-type: application/json", "transfer-encoding: chunked"]);
const inBraces = (members: Uint8Array): Buffer => Buffer.concat([Buffer.from("{"), members, Buffer.from("}")]);
const stream = (body: Uint8Array, chunkBytes: number): Buffer =>
  answerBytes(body, { type: "text/event-stream", chunkBytes });

const answers: readonly Buffer[] = [
  ...[...JSON_SHAPES, ...WIDE_SHAPES].map(({ members }) => answerBytes(inBraces(members(512 * KIB)))),
  ...ERROR_SHAPES.map(([, body]) => answerBytes(body(200 * KIB), { status: "500 Internal Server Error" })),
  ...HEAD_SHAPES.map(([, lines]) => headOf("200 OK", ["content-length: 0", ...lines(48 * KIB)])),
  ...STREAM_SHAPES.flatMap(([, body]) => [stream(body(512 * KIB), 64 * KIB), stream(body(64 * KIB), 200)]),
  ...STREAM_SHAPES.map(([, body]) => stream(body(8 * KIB), 1)),
  Buffer.concat([CHUNKED_HEAD, inSingleBytes(256 * KIB)]),
  answerBytes(Buffer.alloc(8000 * KIB, " ")),
  answerBytes(Bun.gzipSync(Buffer.alloc(32_000 * KIB)), { fields: ["content-encoding: gzip"] }),
];

const random = createRandom(Number(process.env["SEED"]));
startProvider(Number(process.env["PORT"]), () => random.pick(answers));
process.on("disconnect", () => process.exit(0));
process.send?.("listening");
