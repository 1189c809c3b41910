import { decodeText } from "../../core/decode-text.ts";
import { createEventSniffer } from "../../core/sse/event-sniffer.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import type { ResponseBody, UpstreamResponse } from "../../upstream/transport.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Failure } from "../../core/errors.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import { readWithin, type ReadBody } from "../../upstream/read-body.ts";
import { requireBody } from "../judge-answer.ts";

/**
 * Whether the answer to a request for a stream is one although its content type does not say so: it begins like an
 * event. Waits for as much of it as that takes; JSON shows it with its first byte.
 * @throws Failure if it breaks off before, or its deadline passes
 */
export async function beginsWithEvent(
  { body }: UpstreamResponse,
  call: Pick<UpstreamCall, "explain">,
): Promise<boolean> {
  if (!body) return false;
  const sniffer = createEventSniffer();
  if (body.whole) return sniffer.push(body.whole) === "events";
  try {
    const isKnown = await body.keepUntil((_, piece) => sniffer.push(piece) !== "unknown");
    return isKnown && sniffer.push(NOTHING) === "events";
  } catch (error) {
    throw call.explain(error);
  }
}

/** What JSON and pages begin with, and no field of an event. */
const OF_DOCUMENTS: ReadonlySet<number | undefined> = new Set(Buffer.from("{[<"));

/** White space, and the bytes of a byte order mark. */
const BEFORE_DOCUMENTS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);

/** Whether a body that is called a stream of events is none, as far as what has come of it shows. Waits for nothing. */
export async function beginsLikeDocument(body: ResponseBody): Promise<boolean> {
  const { keptBytes } = body;
  if (keptBytes === 0) return false;
  let first: number | undefined;
  await body.keepUntil((length, piece) => {
    first ??= piece.find((byte) => !BEFORE_DOCUMENTS.has(byte));
    return length >= keptBytes;
  });
  return OF_DOCUMENTS.has(first);
}

const NOTHING = new Uint8Array(0);

/**
 * Up to this size an answer is read whole before anything is sent, so that one that breaks off becomes a proper error.
 */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

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
  call: Pick<UpstreamCall, "explain">,
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

/**
 * The body of an error, as text; nothing of one that breaks off or has more than `limit` bytes.
 * @throws Failure `client_gone`
 */
export async function readErrorText(
  context: RequestContext,
  answer: UpstreamResponse,
  call: Pick<UpstreamCall, "explain">,
  limit: number,
): Promise<string> {
  const read = await bufferResponse(context, answer, call, limit).catch((error: unknown) => {
    const failure = call.explain(error);
    if (failure.code === "client_gone") throw failure;
    return { whole: new Uint8Array(0) };
  });
  if ("whole" in read) return decodeText(read.whole);
  read.tooLong.cancel();
  return "";
}

/**
 * Reads an answer that is no stream of events.
 * @returns its bytes, which the request holds from then on; in `tooMuch` all of it, still to be taken, if the budget
 * has no room for it
 * @throws Failure if it is empty or too long, breaks off, or its deadline passes.
 */
export async function readWholeResponse(
  response: UpstreamResponse,
  call: Pick<UpstreamCall, "explain">,
  memory: MemoryBudget,
  context: RequestContext,
  heldBefore: number = 0,
): Promise<Uint8Array | { readonly tooMuch: ResponseBody }> {
  let hasRoom = true;
  const mayHold = (length: number): boolean =>
    length <= UNCOUNTED_BYTES || (hasRoom = memory.tryHold(context, heldBefore + length));
  const answer = await bufferResponse(context, response, call, MAX_BUFFERED_BYTES, mayHold);
  if ("whole" in answer) return requireBody(answer.whole, context);
  if (!hasRoom) return { tooMuch: answer.tooLong };
  answer.tooLong.cancel();
  const { provider = "" } = context;
  throw new Failure("upstream_invalid_response", { message: "The upstream server's answer is too long", provider });
}
