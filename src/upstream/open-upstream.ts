import type { Deadlines } from "../core/deadlines.ts";
import { createUpstream, type OpenUpstreamCall } from "./call.ts";
import type { UpstreamLimits } from "./call-limits.ts";
import { chooseTransport } from "./choose-transport.ts";
import { createEgress, type Egress, type EgressParts } from "./egress.ts";
import { createFetchTransport } from "./fetch-transport.ts";
import { createSocketTransport } from "./http1/transport.ts";
import { probeConnection } from "./probe-connection.ts";

export interface UpstreamOptions extends Pick<EgressParts, "proxy" | "direct"> {
  readonly limits: UpstreamLimits;
}

export interface UpstreamDependencies {
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** The runtime's own, unless something is put in its place. */
  readonly fetch?: EgressParts["fetch"] | undefined;
  readonly probe?: EgressParts["probe"] | undefined;
}

/** The way out: calls to providers over the transport that fits each, and requests to any other server. */
export interface Upstream {
  readonly openCall: OpenUpstreamCall;
  readonly fetch: Egress["fetch"];
  /** Closes the connections that are kept. */
  close(): void;
}

/** Opens no connection yet. */
export function openUpstream(
  { proxy, direct, limits }: UpstreamOptions,
  { deadlines, now, fetch: send = fetch, probe = probeConnection }: UpstreamDependencies,
): Upstream {
  const egress = createEgress({ proxy, direct, fetch: send, probe });
  const sockets = createSocketTransport(deadlines, now);
  const fetching = createFetchTransport({ ...egress, deadlines, now, probeAfterMs: limits.connectMs / 2 });
  const openCall = createUpstream({
    transport: chooseTransport({ socket: sockets.send, fetch: fetching.send, isDirect: egress.isDirect }),
    deadlines,
    now,
    limits,
  });
  return { openCall, fetch: egress.fetch, close: sockets.close };
}
