import type { Provider } from "../providers/provider.ts";

/** The one server that a provider's requests go to. */
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

export function originOf({ baseUrl, unixSocket }: Pick<Provider, "baseUrl" | "unixSocket">): Origin {
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
