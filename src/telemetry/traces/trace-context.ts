/** What a caller says of the trace that its request belongs to. */
export interface TraceParent {
  /** All ids in lower-case hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  /** The trace's id is random in its last seven bytes. https://www.w3.org/TR/trace-context-2/#random-trace-id-flag */
  readonly isRandom: boolean;
}

/** Which headers carry a trace; the names are those of `OTEL_PROPAGATORS`. */
export type Propagator = "tracecontext" | "baggage";

const SAMPLED = 0x01;
const RANDOM = 0x02;

/** Version, trace, span and flags; of later versions more may follow. https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_TRACEPARENT = 256;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/** Reads a `traceparent`; undefined if it is none. */
export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length > MAX_TRACEPARENT) return undefined;
  const [, version, traceId, spanId, flags = "", rest] = TRACEPARENT.exec(text.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || version === "ff") return undefined;
  if ((version === "00" && rest !== undefined) || traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  const bits = Number.parseInt(flags, 16);
  return { traceId, spanId, isSampled: (bits & SAMPLED) !== 0, isRandom: (bits & RANDOM) !== 0 };
}

/** Writes a `traceparent`. */
export function formatTraceparent({ traceId, spanId, isSampled, isRandom }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${(isSampled ? SAMPLED : 0) | (isRandom ? RANDOM : 0)}`;
}

const STATE_KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_STATE_MEMBERS = 32;
/** The least that everybody must pass on. */
const MAX_STATE = 512;
/** The longest header that is looked at. */
const MAX_READ = 16 * 1024;

/**
 * The `tracestate` to pass on; undefined if it is malformed or empty. Of one that is too long, the last members are left
 * out. https://www.w3.org/TR/trace-context/#tracestate-header
 */
export function readTracestate(text: string): string | undefined {
  const members = membersOf(text);
  if (!members || members.length > MAX_STATE_MEMBERS) return undefined;
  const keys = members.map((member) => member.slice(0, member.indexOf("=")));
  const isGood = members.every((member, index) => {
    const key = keys[index] ?? "";
    return STATE_KEY.test(key) && STATE_VALUE.test(member.slice(key.length + 1));
  });
  return isGood && new Set(keys).size === keys.length ? joinWithin(members, MAX_STATE) : undefined;
}

const TOKEN = String.raw`[!#$%&'*+.^_\x60|~0-9A-Za-z-]+`;
const OCTETS = String.raw`[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*`;
const BAGGAGE = new RegExp(
  String.raw`^${TOKEN}[ \t]*=[ \t]*${OCTETS}(?:[ \t]*;[ \t]*${TOKEN}(?:[ \t]*=[ \t]*${OCTETS})?)*$`,
);
const MAX_BAGGAGE_MEMBERS = 64;
const MAX_BAGGAGE = 8192;

/**
 * The `baggage` to pass on; undefined if it is malformed or empty. Of one that is too long, the last members are left
 * out. https://www.w3.org/TR/baggage/#limits
 */
export function readBaggage(text: string): string | undefined {
  const members = membersOf(text);
  if (!members?.every((member) => BAGGAGE.test(member))) return undefined;
  return joinWithin(members.slice(0, MAX_BAGGAGE_MEMBERS), MAX_BAGGAGE);
}

/** The members of a list, without empty ones; undefined if it is too long to be looked at. */
function membersOf(text: string): string[] | undefined {
  if (text.length > MAX_READ) return undefined;
  return text
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
}

/** As many members from the first on as are this long together. */
function joinWithin(members: readonly string[], maxLength: number): string | undefined {
  let joined = "";
  for (const member of members) {
    const longer = joined === "" ? member : `${joined},${member}`;
    if (longer.length > maxLength) break;
    joined = longer;
  }
  return joined === "" ? undefined : joined;
}
