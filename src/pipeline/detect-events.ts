import { createEventSniffer } from "../core/sse/event-sniffer.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";

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

const NOTHING = new Uint8Array(0);
