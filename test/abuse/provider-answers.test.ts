import { raw } from "../fixtures/script.ts";
import { type AbuseCase, postJson, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { ERROR_SHAPES } from "./error-shapes.ts";
import { SOME_SHAPES } from "./json-shapes.ts";
import { CHAT_PATH } from "./measured-gateway.ts";
import { type AnswerOptions, answerOf, headOf, inSingleBytes } from "./provider-answer.ts";

const MIB = 1024 * 1024;
const KIB = 1024;
const CHAT = postJson(CHAT_PATH, '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}');
const PROXY = requestBytes("GET", "/proxy/openai/v1/files");
const USAGE = ',"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}';

/** What a client asked, and what may come back to it. */
interface Asking {
  readonly request: Uint8Array;
  readonly statuses: readonly number[];
}

function answering(
  name: string,
  size: number,
  { request, statuses }: Asking,
  body: (size: number) => Uint8Array,
  options: AnswerOptions = {},
): AbuseCase {
  return {
    name,
    size,
    build(bytes) {
      const content = body(bytes);
      const script = answerOf(content, options);
      return { requests: [request], answer: () => script, bytes: content.length };
    },
    statuses,
  };
}

/** Exact bytes instead of an answer. */
function saying(name: string, size: number, asking: Asking, wire: (size: number) => Uint8Array): AbuseCase {
  return {
    name,
    size,
    build(bytes) {
      const script = [raw(wire(bytes))];
      return { requests: [asking.request], answer: () => script, bytes };
    },
    statuses: asking.statuses,
  };
}

const ASKED: Asking = { request: CHAT, statuses: [200, 502] };
const PROXIED: Asking = { request: PROXY, statuses: [200, 502] };
const CHUNKED_HEAD = headOf("200 OK", ["content-type: application/json", "transfer-encoding: chunked"]);
const chunked = (wire: Uint8Array): Buffer => Buffer.concat([CHUNKED_HEAD, wire]);

describeCases("an answer of a provider costs what it weighs", [
  // What is as long is searched, and not parsed.
  ...SOME_SHAPES.map(({ name, members }) =>
    answering(name, 2 * MIB, ASKED, (bytes) => Buffer.concat([Buffer.from("{"), members(bytes), Buffer.from(USAGE)])),
  ),
  answering("many usages", 2 * MIB, ASKED, (bytes) => repeated('"usage" :{', bytes)),
  answering("many usages that say nothing", 2 * MIB, ASKED, (bytes) => repeated('"usage":null,', bytes)),
  answering("in chunks of two hundred bytes", 2 * MIB, ASKED, (bytes) => repeated("lorem ", bytes), {
    chunkBytes: 200,
  }),
  saying("in chunks of one byte", MIB / 2, ASKED, (bytes) => chunked(inSingleBytes(bytes))),
  saying("in chunks of one byte, through the proxy", MIB / 4, PROXIED, (bytes) => chunked(inSingleBytes(bytes))),
  saying("with an extension of every chunk", MIB / 8, ASKED, (bytes) => chunked(inSingleBytes(bytes / 8, ";a=b"))),
  saying("with a long extension", MIB, ASKED, (bytes) =>
    chunked(Buffer.from(`1;${"e".repeat(bytes)}\r\nx\r\n0\r\n\r\n`)),
  ),
  saying("with a long size of a chunk", MIB, ASKED, (bytes) =>
    chunked(Buffer.from(`${"0".repeat(bytes)}1\r\nx\r\n0\r\n\r\n`)),
  ),
  saying("with many trailers", MIB, ASKED, (bytes) =>
    chunked(Buffer.from(`1\r\nx\r\n0\r\n${"a: b\r\n".repeat(bytes / 6)}\r\n`)),
  ),
  saying("with many interim answers", MIB, ASKED, (bytes) =>
    Buffer.concat([
      repeated("HTTP/1.1 102 Processing\r\n\r\n", bytes),
      headOf("200 OK", ["content-length: 2"]),
      Buffer.from("{}"),
    ]),
  ),
  answering("a gzip bomb", 16 * MIB, ASKED, (bytes) => Bun.gzipSync(Buffer.alloc(bytes)), {
    fields: ["content-encoding: gzip"],
  }),
]);

const FAILED: Asking = { request: CHAT, statuses: [400, 502] };
const REFUSED: AnswerOptions = { status: "400 Bad Request" };
describeCases("an error of a provider costs what it weighs", [
  ...ERROR_SHAPES.map(([name, body]) => answering(name, 60 * KIB, FAILED, body, REFUSED)),
  // Of one that is too long only the status is relayed.
  ...ERROR_SHAPES.slice(0, 3).map(([name, body]) => answering(`${name}, too long`, MIB, FAILED, body, REFUSED)),
  ...ERROR_SHAPES.map(([name, body]) =>
    answering(`${name}, through the proxy`, MIB, { ...FAILED, request: PROXY }, body, REFUSED),
  ),
]);
