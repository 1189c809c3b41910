import type { Endpoint, EndpointAddress } from "./endpoint.ts";
import type { Transport } from "./transport.ts";

export interface Transports {
  /** The gateway's own: HTTP/1.1 on sockets. */
  readonly socket: Transport;
  /** The runtime's `fetch`. */
  readonly fetch: Transport;
  /** Whether calls go out without the proxy. */
  readonly isDirect: (endpoint: EndpointAddress) => boolean;
}

/** A transport that sends each request by the one that its endpoint asks for, or by the only one that can reach it. */
export function chooseTransport({ socket, fetch, isDirect }: Transports): Transport {
  const usesSocket = (endpoint: Endpoint): boolean =>
    endpoint.transport === "socket" || (endpoint.transport === "auto" && !endpoint.http2 && isDirect(endpoint));
  return (endpoint, request, onConnected) => (usesSocket(endpoint) ? socket : fetch)(endpoint, request, onConnected);
}
