import { createEventSniffer } from "../core/sse/event-sniffer.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { ResponseBody, UpstreamResponse } from "../upstream/transport.ts";

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
