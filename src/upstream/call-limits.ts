import type { UpstreamPhase } from "./errors.ts";

/** How long each part of a call to a provider may take, in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly responseHeaderMs: number;
  /** A whole call that is not streamed. */
  readonly totalMs: number;
  /** Between two reads of a stream. */
  readonly streamIdleMs: number;
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

export function phaseOfError(phase: CallPhase): UpstreamPhase {
  return PHASES_OF_ERRORS[phase];
}

/** What a deadline can mean. */
export type ExpiredLimit =
  | "credentials_unavailable"
  | "connect_timeout"
  | "response_header_timeout"
  | "total_timeout"
  | "stream_idle_timeout"
  | "client_stalled";

/** The limit that is over after `waited` milliseconds, if one is. A stream's deadline comes only when its limit is over. */
export function expiredLimit(phase: CallPhase, waited: number, limits: UpstreamLimits): ExpiredLimit | undefined {
  if (phase === "opened" || phase === "streaming") return "stream_idle_timeout";
  if (phase === "unread") return "client_stalled";
  if (phase === "authorizing") return waited >= nextLimit(phase, limits) ? "credentials_unavailable" : undefined;
  if (phase !== "answered" && waited >= limits.responseHeaderMs) return "response_header_timeout";
  if (waited >= limits.totalMs) return "total_timeout";
  return phase === "connecting" && waited >= limits.connectMs ? "connect_timeout" : undefined;
}

/** The first limit that a call can run into in this phase, in milliseconds from its beginning. */
export function nextLimit(phase: CallPhase, { connectMs, responseHeaderMs, totalMs }: UpstreamLimits): number {
  if (phase === "answered") return totalMs;
  const headerMs = Math.min(responseHeaderMs, totalMs);
  const isConnecting = phase === "connecting" || phase === "authorizing";
  return isConnecting ? Math.min(connectMs, headerMs) : headerMs;
}
