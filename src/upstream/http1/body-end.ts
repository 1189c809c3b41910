import { createEventSniffer, type SniffedKind } from "../../core/sse/event-sniffer.ts";
import type { ResponseHeaders } from "../transport.ts";

/** Finds whether a body has come to an end that its own format marks. */
export interface BodyEnd {
  /** Takes the next bytes of the body. */
  push(bytes: Uint8Array): void;
  isReached(): boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Whoever reads these notices an early end: a stream of events without its last one, frames and compressed data without their checksums. */
const ALWAYS: BodyEnd = { push() {}, isReached: () => true };

/**
 * Finds the end of a body that the end of its connection delimits, if that may be anybody's doing: over TLS, an end
 * without close_notify is not the server's (RFC 9112, section 9.8), and the runtime does not distinguish them.
 * A body that is neither a stream of events nor compressed has to be one JSON object or array, whatever its content type says.
 */
export function bodyEndOf(headers: ResponseHeaders): BodyEnd {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") return ALWAYS;
  const type = headers.get("content-type")?.trim().toLowerCase() ?? "";
  return STREAMS.some((stream) => type.startsWith(stream)) ? ALWAYS : createUnnamedEnd();
}

const STREAMS = ["text/event-stream", "application/vnd.amazon.eventstream"];

/** Streams of events are sent under other content types too. */
function createUnnamedEnd(): BodyEnd {
  const sniffer = createEventSniffer();
  const json = createJsonEnd();
  let kind: SniffedKind = "unknown";
  return {
    push(bytes) {
      if (kind === "unknown") kind = sniffer.push(bytes);
      json.push(bytes);
    },
    isReached: () => kind === "events" || json.isReached(),
  };
}

function createJsonEnd(): BodyEnd {
  let depth = 0;
  let hasEnded = false;
  let isInString = false;
  let isEscaped = false;
  let isOther = false;

  const takeByte = (byte: number): void => {
    if (isInString) {
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) isInString = false;
    } else if (OPENING.has(byte)) {
      if (hasEnded) isOther = true;
      depth += 1;
    } else if (depth === 0) isOther ||= !WHITE_SPACE.has(byte);
    else if (byte === QUOTE) isInString = true;
    else if (CLOSING.has(byte)) {
      depth -= 1;
      hasEnded = depth === 0;
    }
  };

  return {
    push(bytes) {
      for (let index = 0; index < bytes.length && !isOther; index++) takeByte(bytes[index] as number);
    },
    isReached: () => hasEnded && !isOther,
  };
}
