import { Failure } from "../core/errors.ts";
import { readWithin, type ReadBody } from "../upstream/read-body.ts";
import type { UpstreamResponse, ResponseBody } from "../upstream/transport.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { batchWrite } from "../core/batch-writes.ts";
import { readUsage } from "../formats/usage.ts";
import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { MemoryBudget } from "../core/memory/budget.ts";
import { createStreamTail } from "../core/sse/stream-tail.ts";
import { bodyOfBytes } from "../upstream/body.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import { pumpStream } from "./stream-pump.ts";

/**
 * Up to this size an answer is read whole before anything is sent, so that one that breaks off becomes a proper error.
 */
export const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/**
 * A body up to this size is not counted in the budget while a provider has it, or the client's connection, which takes
 * it whole.
 */
export const UNCOUNTED_BYTES = 64 * 1024;

/**
 * Reads the body of a provider's answer that is not a stream of events, and records when it began to come.
 * @param mayHold called before so many bytes of it are held; if not, it is too long
 * @throws Failure if it breaks off or its deadline passes.
 */
export async function bufferResponse(
  context: RequestContext,
  { body }: UpstreamResponse,
  call: UpstreamCall,
  limit: number = MAX_BUFFERED_BYTES,
  mayHold: (length: number) => boolean = () => true,
): Promise<ReadBody> {
  if (!body) return { whole: new Uint8Array(0) };
  const onPiece = (length: number): boolean => {
    if (length > 0) context.firstByte();
    return mayHold(length);
  };
  try {
    return await readWithin(body, limit, onPiece);
  } catch (error) {
    throw call.explain(error);
  }
}

/** The beginning of an error's body, as text; an error that breaks off or runs on is read as far as it came. */
export async function readErrorText(
  context: RequestContext,
  answer: UpstreamResponse,
  call: UpstreamCall,
  limit: number,
): Promise<string> {
  const read = await bufferResponse(context, answer, call, limit).catch((error: unknown) => {
    const failure = call.explain(error);
    if (failure.code === "client_gone") throw failure;
    return { whole: new Uint8Array(0) };
  });
  if ("whole" in read) return new TextDecoder().decode(read.whole);
  read.tooLong.cancel();
  return "";
}

/** Throws if an answer that must not be empty is empty. */
export function requireBody(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Failure("upstream_empty_response");
  return bytes;
}

/** An answer that is no stream of events, and what is needed to send and record it. */
export interface WholeAnswerParts {
  readonly context: RequestContext;
  /** Of the provider; its status and headers are relayed. */
  readonly response: UpstreamResponse;
  readonly call: UpstreamCall;
  /** Frees what the call holds. */
  readonly close: () => void;
}

/** Usage is at the end of an answer, or, in the Messages API, near it. */
const USAGE_TAIL_BYTES = 4096;

/**
 * Reads an answer that is no stream of events.
 * @returns its bytes, which the request holds from then on; in `tooMuch` all of it, still to be taken, if the budget
 * has no room for it
 * @throws Failure if it is empty or too long, breaks off, or its deadline passes.
 */
export async function readWholeResponse(
  response: UpstreamResponse,
  call: UpstreamCall,
  memory: MemoryBudget,
  context: RequestContext,
  heldBefore: number = 0,
): Promise<Uint8Array | { readonly tooMuch: ResponseBody }> {
  let hasRoom = true;
  const mayHold = (length: number): boolean =>
    length <= UNCOUNTED_BYTES || (hasRoom = memory.tryHold(context, heldBefore + length));
  const answer = await bufferResponse(context, response, call, MAX_BUFFERED_BYTES, mayHold);
  if ("whole" in answer) return requireBody(answer.whole);
  if (!hasRoom) return { tooMuch: answer.tooLong };
  answer.tooLong.cancel();
  throw new Failure("upstream_invalid_response", { message: "The upstream server's answer is too long" });
}

/**
 * The response that carries a whole answer, with what is relayed of the provider's headers.
 * A short one is recorded at once, and resolves when it is to be sent. A longer one stays in flight until the client
 * has taken it, which the runtime reports for streams only: it goes out in chunks, and a client that does not read is
 * not waited for without end. Whoever opened the call leaves it to the answer then: `context.outcome` is undefined.
 */
export async function sendWholeResponse(
  parts: WholeAnswerParts,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Promise<Response> {
  const { context, response } = parts;
  // Recorded already, unless the body came along with the head.
  context.firstByte();
  context.used(usage);
  context.answered(response.status);
  if (bytes.length > UNCOUNTED_BYTES) return streamWhole(parts, bodyOfBytes(bytes));
  context.sent(bytes.length);
  // A provider may send an error with a good status.
  context.finish(context.failure === undefined ? "answered" : "failed");
  const carried = new Response(bytes, { status: response.status, headers: headersOf(parts) });
  return new Promise((resolve) => batchWrite(() => resolve(carried)));
}

/**
 * The response that carries an answer as it comes, because there is no room to hold it: one that breaks off then ends
 * the client's connection instead of becoming an error. Recorded when it is over.
 */
export function passWholeAnswer(parts: WholeAnswerParts, body: ResponseBody): Promise<Response> {
  const tail = createStreamTail(USAGE_TAIL_BYTES);
  parts.context.answered(parts.response.status);
  return streamWhole(parts, body, {
    onChunk: tail.push,
    onEnd: () => parts.context.used(readUsage(tail.bytes())),
  });
}

async function streamWhole(
  parts: WholeAnswerParts,
  body: ResponseBody,
  observer?: { readonly onChunk: (chunk: Uint8Array) => void; readonly onEnd: () => void },
): Promise<Response> {
  const { context, response, call, close } = parts;
  const stream = await pumpStream(body, call, {
    onChunk(chunk) {
      context.sent(chunk.length);
      observer?.onChunk(chunk);
    },
    // JSON has no place for an error: the connection breaks off instead.
    terminalErrorEvent: () => undefined,
    onEnd(failure) {
      observer?.onEnd();
      close();
      context.finishBody(failure);
    },
  });
  if (!stream) throw new Failure("upstream_empty_response", { provider: context.provider ?? "" });
  return new Response(stream, { status: response.status, headers: headersOf(parts) });
}

function headersOf({ context, response }: WholeAnswerParts): Record<string, string> {
  const headers = relayedResponseHeaders(response.headers);
  headers["x-request-id"] = context.id;
  headers["content-type"] ??= "application/json";
  return headers;
}

/** Whether a response is a stream of events, whatever the request asked for. */
export function isEventStream(response: UpstreamResponse): boolean {
  return response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
}
