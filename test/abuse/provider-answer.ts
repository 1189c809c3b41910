import { raw, type Step } from "../fixtures/script.ts";
import { repeated } from "./abuse-case.ts";

/** How a provider sends what it says. */
export interface AnswerOptions {
  /** `200 OK` unless said. */
  readonly status?: string;
  /** `application/json` unless said. */
  readonly type?: string;
  /** Further field lines. */
  readonly fields?: readonly string[];
  /** The size of a chunk; a length is announced instead without it. */
  readonly chunkBytes?: number;
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/** A head with exactly these lines behind its status line. */
export function headOf(status: string, lines: readonly string[]): Buffer {
  return Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** A body in chunks of so many bytes, as it is on the wire. */
function inChunks(body: Uint8Array, chunkBytes: number): Buffer {
  const sizeLine = (bytes: number): Buffer => Buffer.from(`${bytes.toString(16)}\r\n`);
  const whole = Math.floor(body.length / chunkBytes);
  const rest = body.length % chunkBytes;
  const [wholeLine, restLine] = [sizeLine(chunkBytes), sizeLine(rest)];
  const lineBytes = whole * wholeLine.length + (rest > 0 ? restLine.length : 0);
  const chunks = whole + (rest > 0 ? 1 : 0);
  // Written in place, as there may be tens of thousands of them.
  const wire = Buffer.allocUnsafe(body.length + lineBytes + chunks * LINE_END.length + LAST_CHUNK.length);
  let end = 0;
  const write = (bytes: Uint8Array, from = 0, to = bytes.length): void => {
    for (let at = from; at < to; at += 1) wire[end++] = bytes[at] ?? 0;
  };
  for (let at = 0; at < body.length; at += chunkBytes) {
    write(body.length - at < chunkBytes ? restLine : wholeLine);
    write(body, at, Math.min(at + chunkBytes, body.length));
    write(LINE_END);
  }
  write(LAST_CHUNK);
  return wire;
}

/** A body of one character in chunks of one byte, each with what `extension` says behind its size. */
export function inSingleBytes(bytes: number, extension = ""): Buffer {
  const chunk = `1${extension}\r\nx\r\n`;
  return Buffer.concat([repeated(chunk, bytes * chunk.length), LAST_CHUNK]);
}

/** An answer of a provider as it is on the wire. */
export function answerBytes(body: Uint8Array, options: AnswerOptions = {}): Buffer {
  const { status = "200 OK", type = "application/json", fields = [], chunkBytes } = options;
  const framing = chunkBytes === undefined ? `content-length: ${body.length}` : "transfer-encoding: chunked";
  const head = headOf(status, [`content-type: ${type}`, framing, ...fields]);
  return Buffer.concat([head, chunkBytes === undefined ? body : inChunks(body, chunkBytes)]);
}

/** The same, written as fast as it is taken. */
export function answerOf(body: Uint8Array, options: AnswerOptions = {}): Step[] {
  return [raw(answerBytes(body, options))];
}
