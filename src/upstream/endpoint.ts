import type { Credential } from "../providers/credentials/credential.ts";

/** Where a call goes and how it gets there: all that this directory knows of whoever is asked. A provider is one. */
export interface Endpoint {
  /** What errors call it. */
  readonly id: string;
  /** What connections and whatever else outlives a call is kept under, see {@link endpointKey}. */
  readonly endpointKey: string;
  /** Absolute http(s) URL without a trailing slash, query or credentials. */
  readonly baseUrl: string;
  /** Path of the unix socket to connect to instead of the host in `baseUrl`. */
  readonly unixSocket: string | undefined;
  /** Calls go over HTTP/2, and over nothing else; `baseUrl` is https then. */
  readonly http2: boolean;
  /** What carries the calls; `auto`: the gateway's own sockets if they can, else the runtime's `fetch`. */
  readonly transport: "auto" | "socket" | "fetch";
  /** What its requests carry beside what they say themselves, if that is made for each of them, or renewed. */
  readonly credential?: Credential;
}

/** As much of an endpoint as a connection is made from. */
export type EndpointAddress = Pick<Endpoint, "baseUrl" | "unixSocket">;

/**
 * The key of an endpoint: equal for two that the same connections serve, such as those of the same provider before and
 * after its settings were read again. Other providers have other connections, even to the same server.
 */
export function endpointKey({
  id,
  baseUrl,
  unixSocket,
  http2,
}: Omit<Endpoint, "endpointKey" | "transport" | "credential">): string {
  return JSON.stringify([id, baseUrl, unixSocket, http2]);
}

/** What keeps something for each endpoint. */
export interface EndpointState {
  /**
   * Forgets all endpoints but these, and drops what it kept for the others. Calls in flight are not disturbed, and an
   * endpoint that is called again begins anew.
   */
  retain(keys: ReadonlySet<string>): void;
}
