import type { Credential } from "../providers/credentials/credential.ts";
import type { Credentials } from "../providers/credentials/credentials.ts";
import type { Deadlines } from "../core/deadlines.ts";
import type { OpenUpstreamCall } from "./call.ts";
import { createUpstream } from "./open-call.ts";
import type { UpstreamLimits } from "./call-limits.ts";
import { createEgress, type Egress, type EgressParts } from "./egress.ts";
import type { EndpointState } from "./endpoint.ts";
import { createFetchTransport, type FetchTransport } from "./fetch-transport.ts";
import { createSocketTransport, type SocketTransport } from "./http1/transport.ts";
import { probeConnection } from "./probe-connection.ts";

export interface UpstreamOptions extends Pick<EgressParts, "proxy" | "direct"> {
  readonly limits: UpstreamLimits;
  /** Those of the endpoints that have one. */
  readonly credentials?: readonly Credential[];
}

export interface UpstreamDependencies {
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** The runtime's own, unless something is put in its place. */
  readonly fetch?: EgressParts["fetch"] | undefined;
  readonly probe?: EgressParts["probe"] | undefined;
  /** Keeps the credentials of endpoints; absent if none has one. */
  readonly credentials?: Credentials;
}

/** The way out, as one configuration wants it: calls to providers, and requests to any other server. */
export interface Upstream {
  readonly openCall: OpenUpstreamCall;
  /** The same function for all configurations with the same proxy. */
  readonly fetch: Egress["fetch"];
  /** Says that nothing is called this way any more. */
  release(): void;
}

/** The connections that are kept to providers, whatever configuration opened them. */
export interface Connections extends EndpointState {
  /** Calls over these connections as the options want them. Opens no connection yet. */
  configure(options: UpstreamOptions): Upstream;
  /** Of the gateway's own transport: see {@link SocketTransport.connections}. */
  connections: SocketTransport["connections"];
  /** Closes the connections that are kept. */
  close(): void;
}

/** What decides which way calls take. */
interface WayOptions extends Pick<EgressParts, "proxy" | "direct"> {
  readonly probeAfterMs: number;
}

/** One way through the network, with what is kept for it: a new proxy must not be passed by on connections of before. */
interface Way {
  readonly options: WayOptions;
  readonly egress: Egress;
  readonly fetching: FetchTransport;
  /** How many configurations use it. */
  users: number;
}

const NO_ENDPOINTS: ReadonlySet<string> = new Set();

/** Opens no connection yet. */
export function openConnections({
  deadlines,
  now,
  fetch: send = fetch,
  probe = probeConnection,
  credentials,
}: UpstreamDependencies): Connections {
  const sockets = createSocketTransport(deadlines, now);
  let ways: readonly Way[] = [];

  const wayFor = ({ proxy, direct, limits }: UpstreamOptions): Way => {
    const wanted: WayOptions = { proxy, direct, probeAfterMs: limits.connectMs / 2 };
    const known = ways.find((way) => Bun.deepEquals(way.options, wanted));
    if (known) return known;
    const egress = createEgress({ proxy, direct, fetch: send, probe });
    const fetching = createFetchTransport({ ...egress, deadlines, now, probeAfterMs: wanted.probeAfterMs });
    const way = { options: wanted, egress, fetching, users: 0 };
    ways = [...ways, way];
    return way;
  };

  const leave = (way: Way): void => {
    way.users -= 1;
    if (way.users > 0) return;
    ways = ways.filter((other) => other !== way);
    way.fetching.retain(NO_ENDPOINTS);
  };

  return {
    configure(options) {
      const way = wayFor(options);
      way.users += 1;
      const { egress, fetching } = way;
      const lease = credentials?.lease(options.credentials ?? [], { fetch: egress.fetch, fetchDirect: send });
      const openCall = createUpstream({
        socket: sockets.send,
        fetch: fetching.send,
        isDirect: egress.isDirect,
        deadlines,
        now,
        limits: options.limits,
        findAuthorize: lease?.find,
      });
      const release = (): void => {
        lease?.release();
        leave(way);
      };
      return { openCall, fetch: egress.fetch, release };
    },
    retain(keys) {
      sockets.retain(keys);
      for (const { fetching } of ways) fetching.retain(keys);
    },
    connections: sockets.connections,
    close: sockets.close,
  };
}
