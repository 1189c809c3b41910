import type { EndpointAddress } from "../endpoint.ts";

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Whether the host of a URL is an IP address. A parsed URL has IPv4 in its dotted form only, and a colon in no other host
 * than IPv6. Not `isIP` of `node:net`, which brings all of the runtime's sockets and streams into memory.
 * @param hostname as in a parsed URL, with the brackets of IPv6 or without.
 */
export function isAddress(hostname: string): boolean {
  return hostname.includes(":") || IPV4.test(hostname);
}

/** The one server that an endpoint's requests go to. */
export interface Origin {
  /** Path of the unix socket to connect to instead of `hostname` and `port`. */
  readonly unix: string | undefined;
  /** Name or address, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** What `Host` says. */
  readonly host: string;
  /** Scheme and authority, with which the URL of every request to this server begins. */
  readonly prefix: string;
}

/** The server of an endpoint; the port is that of the scheme if the address names none. */
export function originOf({ baseUrl, unixSocket }: EndpointAddress): Origin {
  const { protocol, hostname, port, host, origin } = new URL(baseUrl);
  const secure = protocol === "https:";
  return {
    unix: unixSocket,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (secure ? 443 : 80),
    secure,
    host,
    prefix: origin,
  };
}
