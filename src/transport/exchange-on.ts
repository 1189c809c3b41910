import type { AnswerHead } from "./answer-head.ts";
import { createAnswerParser } from "./answer-parser.ts";
import type { Connection } from "./connection.ts";
import type { Origin } from "./origin.ts";
import { decodeAnswer } from "./decode-answer.ts";
import { writeRequestHead } from "./request-head.ts";
import type { Answer, BodySink, Sending, WireRequest } from "./transport.ts";
import { writeUpload } from "./upload.ts";

/** A body up to this size goes out in one write with its head; copying a longer one costs more than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;

/** So much of a body may arrive before anyone takes it; then the server has to wait. */
const MAX_EARLY_BYTES = 256 * 1024;

/**
 * Carries one request and its answer on a connection that carries nothing else meanwhile.
 * @param onDone called once, when the connection has no more to do with the request: whether it may carry another.
 */
export function exchangeOn(
  connection: Connection,
  origin: Origin,
  request: WireRequest,
  onDone: (reusable: boolean) => void,
): Sending {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let head: AnswerHead | undefined;
  let sink: BodySink | undefined;
  let early: Uint8Array[] | undefined;
  let earlyBytes = 0;
  let isAnswered = false;
  let isOver = false;
  let isUploaded = true;
  let failure: { readonly error: unknown } | undefined;
  let upload: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let whenDrained: (() => void) | undefined;

  const leave = (reusable: boolean): void => {
    isOver = true;
    connection.listener = undefined;
    if (!isUploaded) void upload?.cancel().catch(() => {});
    whenDrained?.();
    // Its taker may have asked it to wait for more.
    if (reusable) connection.resume();
    else connection.close();
    onDone(reusable);
  };

  const fail = (error: unknown): void => {
    if (isOver) return;
    failure = { error };
    leave(false);
    if (!isAnswered) return reject(error);
    const taker = sink;
    sink = undefined;
    taker?.fail(error);
  };

  const finish = (): void => {
    // An answer that is over before the upload leaves the rest of it on the connection.
    leave(isUploaded && head?.keepAlive === true);
    sink?.end();
  };

  const parser = createAnswerParser(request.method, {
    head(read) {
      head = read;
    },
    data(bytes) {
      if (sink) return sink.write(bytes);
      (early ??= []).push(bytes);
      earlyBytes += bytes.length;
    },
  });

  const body: NonNullable<Answer["body"]> = {
    get whole() {
      if (!isOver || failure || sink) return undefined;
      if (!early) return EMPTY;
      return early.length === 1 ? early[0] : Buffer.concat(early);
    },
    flow(taker) {
      sink = taker;
      const wasHeldBack = earlyBytes > MAX_EARLY_BYTES;
      for (const bytes of early ?? []) taker.write(bytes);
      if (early) taker.flush();
      early = undefined;
      if (failure) taker.fail(failure.error);
      else if (isOver) taker.end();
      else if (wasHeldBack) connection.resume();
    },
    pause: () => void (isOver || connection.pause()),
    resume: () => void (isOver || connection.resume()),
    cancel() {
      sink = undefined;
      early = undefined;
      if (!isOver) leave(false);
    },
  };

  const answer = ({ status, headers, framing }: AnswerHead): void => {
    isAnswered = true;
    const plain: Answer = { status, headers, body: framing.kind === "none" ? null : body };
    try {
      resolve(request.keepEncoding ? plain : decodeAnswer(plain));
    } catch (error) {
      reject(error);
    }
  };

  connection.served += 1;
  connection.listener = {
    data(bytes) {
      let ended: boolean;
      try {
        ended = parser.push(bytes);
      } catch (error) {
        return fail(error);
      }
      if (!head || isOver) return;
      sink?.flush();
      if (ended) finish();
      else if (!sink && earlyBytes > MAX_EARLY_BYTES) connection.pause();
      if (!isAnswered) answer(head);
    },
    drained() {
      const drained = whenDrained;
      whenDrained = undefined;
      drained?.();
    },
    closed(error) {
      if (error !== undefined) return fail(error);
      try {
        parser.finish();
      } catch (unfinished) {
        return fail(unfinished);
      }
      finish();
    },
  };

  const write = (bytes: Uint8Array): Promise<void> | undefined => {
    if (isOver || connection.write(bytes)) return undefined;
    return new Promise((drained) => (whenDrained = drained));
  };

  const begin = (): void => {
    if (request.body instanceof ReadableStream) {
      const announced = lengthHeader(request.headers);
      const length = announced === null ? undefined : Number(announced);
      connection.write(Buffer.from(writeRequestHead(origin, request, length), "latin1"));
      isUploaded = false;
      upload = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
      writeUpload(upload, length, { write }).then(() => {
        isUploaded = true;
      }, fail);
      return;
    }
    const length = request.body === null ? (BODILESS.has(request.method) ? null : 0) : request.body.length;
    const text = writeRequestHead(origin, request, length);
    if (request.body === null || request.body.length > ONE_WRITE_BYTES) {
      connection.write(Buffer.from(text, "latin1"));
      if (request.body) connection.write(request.body);
      return;
    }
    const bytes = Buffer.allocUnsafe(text.length + request.body.length);
    bytes.write(text, "latin1");
    bytes.set(request.body, text.length);
    connection.write(bytes);
  };
  try {
    begin();
  } catch (error) {
    fail(error);
  }

  return { answer: promise, abort: fail };
}

const EMPTY = new Uint8Array(0);

/** Methods that need not say that they bring no body. https://www.rfc-editor.org/rfc/rfc9110#section-8.6 */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

function lengthHeader(headers: WireRequest["headers"]): string | null {
  return headers instanceof Headers ? headers.get("content-length") : (headers["content-length"] ?? null);
}
