import { Failure } from "../core/errors.ts";
import { readWithin, type ReadBody } from "../upstream/read-body.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { batchWrite } from "../core/batch-writes.ts";
import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { InFlightRequests } from "../core/in-flight-requests.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";

/** Up to this size an answer is read whole before anything is sent, so that one that breaks off becomes a proper error. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/**
 * Reads the body of a provider's answer that is not a stream of events.
 * @throws Failure where it breaks off or its deadline passes.
 */
export async function bufferResponse(
  { body }: UpstreamResponse,
  call: UpstreamCall,
  limit: number = MAX_BUFFERED_BYTES,
): Promise<ReadBody> {
  if (!body) return { whole: new Uint8Array(0) };
  try {
    return await readWithin(body, limit);
  } catch (error) {
    throw call.explain(error);
  }
}

/** The beginning of an error's body, as text; an error that breaks off or runs on is read as far as it came. */
export async function readErrorText(answer: UpstreamResponse, call: UpstreamCall, limit: number): Promise<string> {
  const read = await bufferResponse(answer, call, limit).catch((error: unknown) => {
    const failure = call.explain(error);
    if (failure.code === "client_gone") throw failure;
    return { whole: new Uint8Array(0) };
  });
  if ("whole" in read) return new TextDecoder().decode(read.whole);
  read.tooLong.cancel();
  return "";
}

/** Throws where an answer that should hold something holds nothing. */
export function requireBody(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Failure("upstream_empty_response");
  return bytes;
}

/**
 * Reads an answer that is no stream of events.
 * @throws Failure where it is empty or too long, breaks off, or its deadline passes.
 */
export async function readWholeResponse(response: UpstreamResponse, call: UpstreamCall): Promise<Uint8Array> {
  const answer = await bufferResponse(response, call);
  if ("tooLong" in answer) {
    answer.tooLong.cancel();
    throw new Failure("upstream_invalid_response", { message: "The upstream server's answer is too long" });
  }
  return requireBody(answer.whole);
}

/**
 * The response that carries a whole answer, with what is relayed of the provider's headers. Books it at once, and resolves
 * when it is to leave.
 */
export function sendWholeResponse(
  requests: InFlightRequests,
  context: RequestContext,
  response: UpstreamResponse,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Promise<Response> {
  context.usage = usage;
  context.status = response.status;
  context.bytesOut = bytes.length;
  requests.finish(context, "answered");
  const headers = relayedResponseHeaders(response.headers);
  headers["x-request-id"] = context.id;
  headers["content-type"] ??= "application/json";
  const carried = new Response(bytes, { status: response.status, headers });
  return new Promise((resolve) => batchWrite(() => resolve(carried)));
}

/** Whether a response is a stream of events, whatever the request asked for. */
export function isEventStream(response: UpstreamResponse): boolean {
  return response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
}
