/** What the first bytes of a body say of whether they are a stream of events; `unknown` until there are enough of them. */
export type SniffedKind = "events" | "other" | "unknown";

/** Looks at the bytes with which a body begins, wherever they are cut. */
export interface EventSniffer {
  push(piece: Uint8Array): SniffedKind;
}

/** The names of fields, and what a comment begins with (WHATWG HTML, "Interpreting an event stream"). */
const BEGINNINGS = ["data:", "event:", "id:", "retry:", ":"].map((beginning) => Buffer.from(beginning));

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Empty lines before the first field that are looked at; more say nothing. */
const MAX_EMPTY_BYTES = 4096;

/** Neither JSON nor HTML nor plain text begins like an event, but for text that is meant to. */
export function createEventSniffer(): EventSniffer {
  let kind: SniffedKind = "unknown";
  let candidates = BEGINNINGS;
  let matched = 0;
  let skipped = 0;

  const take = (byte: number): SniffedKind => {
    if (matched === 0) {
      const isMark = skipped < BYTE_ORDER_MARK.length && byte === BYTE_ORDER_MARK[skipped];
      if (isMark || byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        skipped += 1;
        return skipped > MAX_EMPTY_BYTES ? "other" : "unknown";
      }
    }
    candidates = candidates.filter((beginning) => beginning[matched] === byte);
    matched += 1;
    if (candidates.length === 0) return "other";
    return candidates.some(({ length }) => length === matched) ? "events" : "unknown";
  };

  return {
    push(piece) {
      for (let index = 0; index < piece.length && kind === "unknown"; index++) kind = take(piece[index] as number);
      return kind;
    },
  };
}
