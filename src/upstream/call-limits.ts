import type { TimeoutName, Timeouts } from "../core/timeouts.ts";
import { Failure } from "../core/errors.ts";
import { toTimeoutFailure, UpstreamError, type UpstreamPhase } from "./errors.ts";

/** How long each part of a call to a provider may take, in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly responseHeaderMs: number;
  /** A whole call that is not streamed. */
  readonly totalMs: number;
  /** Between two reads of a stream. */
  readonly streamIdleMs: number;
  /** A whole stream, from the sending on; not bounded unless given. */
  readonly streamTotalMs?: number | undefined;
}

/** The limits of one call. */
export interface CallLimits extends UpstreamLimits {
  /** From the sending to the first event with content, or to the header of an answer that is no stream. */
  readonly firstTokenMs: number;
  readonly streamTotalMs: number;
  /** The first limit that it can run into before its connection is there, and before its header is. */
  readonly untilConnectedMs: number;
  readonly untilHeaderMs: number;
  /** What says those that are not said for all calls. */
  readonly saidBy: Timeouts["saidBy"];
}

/** The limits of calls. */
export interface CallLimitsFinder {
  /** Of those that have no timeouts of their own. */
  readonly plain: CallLimits;
  /** Of those that have some; worked out once for each object of timeouts. */
  readonly with: (timeouts: Timeouts) => CallLimits;
}

/** @param all what is said for all calls */
export function createCallLimits(all: UpstreamLimits): CallLimitsFinder {
  const known = new WeakMap<Timeouts, CallLimits>();
  return {
    plain: limitsWith(all, {}),
    with(timeouts) {
      let limits = known.get(timeouts);
      if (!limits) known.set(timeouts, (limits = limitsWith(all, timeouts)));
      return limits;
    },
  };
}

/** @param timeouts what is said for some calls only, and counts before what is said for all */
function limitsWith(all: UpstreamLimits, timeouts: Timeouts): CallLimits {
  const { saidBy } = timeouts;
  const connectMs = timeouts.connectMs ?? all.connectMs;
  const responseHeaderMs = timeouts.responseHeaderMs ?? all.responseHeaderMs;
  const firstTokenMs = timeouts.firstTokenMs ?? Number.POSITIVE_INFINITY;
  const streamIdleMs = timeouts.idleMs ?? all.streamIdleMs;
  const totalMs = timeouts.totalMs ?? all.totalMs;
  const streamTotalMs = timeouts.totalMs ?? all.streamTotalMs ?? Number.POSITIVE_INFINITY;
  const untilHeaderMs = Math.min(responseHeaderMs, firstTokenMs, totalMs);
  const untilConnectedMs = Math.min(connectMs, untilHeaderMs);
  return {
    connectMs,
    responseHeaderMs,
    firstTokenMs,
    streamIdleMs,
    totalMs,
    streamTotalMs,
    untilConnectedMs,
    untilHeaderMs,
    saidBy,
  };
}

/** How far a call has come, which decides what its one deadline means. */
export type CallPhase =
  "unsent" | "authorizing" | "connecting" | "connected" | "answered" | "opened" | "streaming" | "unread";

/** In the words of an `UpstreamError`. */
const PHASES_OF_ERRORS = {
  unsent: "connect",
  authorizing: "connect",
  connecting: "connect",
  connected: "header",
  answered: "body",
  opened: "first-token",
  streaming: "body",
  unread: "body",
} as const satisfies Record<CallPhase, UpstreamPhase>;

/** What a deadline can mean. */
export type ExpiredLimit =
  | "credentials_unavailable"
  | "connect_timeout"
  | "response_header_timeout"
  | "first_token_timeout"
  | "total_timeout"
  | "stream_total_timeout"
  | "stream_idle_timeout"
  | "client_stalled";

/** What says each of them, if it is not said for all calls. */
const NAMES_OF_LIMITS: Readonly<Partial<Record<ExpiredLimit, TimeoutName>>> = {
  connect_timeout: "connectMs",
  response_header_timeout: "responseHeaderMs",
  first_token_timeout: "firstTokenMs",
  total_timeout: "totalMs",
  stream_total_timeout: "totalMs",
  stream_idle_timeout: "idleMs",
};

/**
 * The failure of a call that has run into one of its limits.
 * @param phase how far it had come
 */
export function timeoutFailure(
  expired: ExpiredLimit,
  phase: CallPhase,
  { saidBy }: CallLimits,
  endpointId: string,
): Failure {
  // The endpoint is not at fault.
  if (expired === "client_stalled") return new Failure(expired, { provider: endpointId });
  const reached = PHASES_OF_ERRORS[phase];
  const error = new UpstreamError(expired, {
    phase: expired === "first_token_timeout" ? "first-token" : reached,
    requestSent: reached !== "connect",
  });
  const name = NAMES_OF_LIMITS[expired];
  // Such as `timeouts.idle of model fast`, if it is not said for all calls.
  return toTimeoutFailure(error, endpointId, name && saidBy?.[name]);
}

/**
 * The limit that is over after `waited` milliseconds, if one is. A stream's deadline comes only when a limit of it is over.
 * @param awaitsContent nothing with content has come
 */
export function expiredLimit(
  phase: CallPhase,
  waited: number,
  limits: CallLimits,
  awaitsContent: boolean,
): ExpiredLimit | undefined {
  if (isStream(phase)) return expiredOfStream(phase, waited, limits, awaitsContent);
  if (phase === "authorizing") return waited >= nextLimit(phase, limits) ? "credentials_unavailable" : undefined;
  if (phase !== "answered") {
    // The header's time is not over before, if it is the shorter one.
    if (waited >= limits.firstTokenMs && limits.firstTokenMs <= limits.responseHeaderMs) return "first_token_timeout";
    if (waited >= limits.responseHeaderMs) return "response_header_timeout";
  }
  if (waited >= limits.totalMs) return "total_timeout";
  return phase === "connecting" && waited >= limits.connectMs ? "connect_timeout" : undefined;
}

/** Whether a call that has come so far is that of a stream. */
export function isStream(phase: CallPhase): phase is "opened" | "streaming" | "unread" {
  return phase === "opened" || phase === "streaming" || phase === "unread";
}

function expiredOfStream(
  phase: CallPhase,
  waited: number,
  { firstTokenMs, streamTotalMs }: CallLimits,
  awaitsContent: boolean,
): ExpiredLimit {
  if (waited >= streamTotalMs) return "stream_total_timeout";
  if (phase === "unread") return "client_stalled";
  return awaitsContent && waited >= firstTokenMs ? "first_token_timeout" : "stream_idle_timeout";
}

/** The first limit that a call can run into before it is a stream, in milliseconds from its beginning. */
export function nextLimit(phase: CallPhase, limits: CallLimits): number {
  if (phase === "answered") return limits.totalMs;
  return phase === "connecting" || phase === "authorizing" ? limits.untilConnectedMs : limits.untilHeaderMs;
}

/** The last moment of a stream as a whole, in milliseconds from the beginning of its call: not that of its silence. */
export function endOfStream({ firstTokenMs, streamTotalMs }: CallLimits, awaitsContent: boolean): number {
  return awaitsContent ? Math.min(firstTokenMs, streamTotalMs) : streamTotalMs;
}
