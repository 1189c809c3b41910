import { Failure } from "../failure/failure.ts";
import { readWithin, type ReadBody } from "../transport/read-body.ts";
import type { Answer } from "../transport/transport.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";

/** Up to this size an answer is read whole before anything is sent, so that one that breaks off becomes a proper error. */
export const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/** A body up to this size is not counted in the budget while a provider has it, or the client's connection, which takes it whole. */
export const UNCOUNTED_BYTES = 64 * 1024;

/**
 * Reads the body of a provider's answer that is not a stream of events.
 * @param mayHold asked before so many bytes of it are held; if not, it is too long
 * @throws Failure where it breaks off or its deadline passes.
 */
export async function bufferAnswer(
  { body }: Answer,
  call: UpstreamCall,
  limit: number = MAX_BUFFERED_BYTES,
  mayHold?: (length: number) => boolean,
): Promise<ReadBody> {
  if (!body) return { whole: new Uint8Array(0) };
  try {
    return await readWithin(body, limit, mayHold);
  } catch (error) {
    throw call.explain(error);
  }
}

/** The beginning of an error's body, as text; an error that breaks off or runs on is read as far as it came. */
export async function readErrorText(answer: Answer, call: UpstreamCall, limit: number): Promise<string> {
  const read = await bufferAnswer(answer, call, limit).catch((error: unknown) => {
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
