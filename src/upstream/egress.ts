import type { EndpointAddress } from "./endpoint.ts";
import { UpstreamError } from "./errors.ts";
import { readFetchError } from "./fetch-response.ts";

const THIS_MACHINE = /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/i;

/**
 * Decides whether a URL is called without the proxy: its host is an address of this machine, or one that the
 * operator exempted.
 * @param exempt the entries of `CLIENT_NO_PROXY`; each is for its subdomains too
 */
export function directHosts(exempt: readonly string[]): (url: string) => boolean {
  const hosts = exempt.map(hostOfEntry);
  return (url) => {
    const { hostname } = new URL(url);
    return THIS_MACHINE.test(hostname) || hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`));
  };
}

/** What the operator wrote, as a URL's `hostname` reads: without the mark for subdomains, an IPv6 address in brackets. */
function hostOfEntry(entry: string): string {
  const host = entry.toLowerCase().replace(/^(\*?\.)/, "");
  return host.includes(":") && !host.startsWith("[") ? new URL(`http://[${host}]`).hostname : host;
}

/** The runtime's `fetch`, as far as the gateway uses it. */
export type EgressFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

type Probe = (endpoint: EndpointAddress) => Promise<boolean>;

/** How the gateway calls out, to any server. */
export interface Egress {
  readonly fetch: EgressFetch;
  /** Whether calls to an endpoint go out without the proxy; absent if there is none. */
  readonly isDirect: ((endpoint: EndpointAddress) => boolean) | undefined;
  /** Whether the first server on the way to an endpoint accepts a connection: its own, or the proxy. */
  readonly probe: Probe;
}

export interface EgressParts {
  /** URL of the proxy for every call, with its credentials; undefined if there is none. */
  readonly proxy: string | undefined;
  /** Hosts that are called without it, with their subdomains. Addresses of this machine always are. */
  readonly direct: readonly string[];
  /** Calls directly, whatever the environment says: each of its callers passes `proxy: false`. */
  readonly fetch: EgressFetch;
  readonly probe: Probe;
}

/**
 * Makes what calls out through the operator's proxy. If there is none, calls go out as they are.
 * A `fetch` that fails at the proxy rejects with an {@link UpstreamError} whose `code` begins with `PROXY_`.
 */
export function createEgress({ proxy, direct, fetch, probe }: EgressParts): Egress {
  if (proxy === undefined) return { fetch, isDirect: undefined, probe };
  // Without this the environment could still call hosts out of the proxy's way.
  const through = { url: proxy, respectNoProxy: false };
  const isDirect = directHosts(direct);

  return {
    async fetch(url, init) {
      if (init.unix || isDirect(url)) return fetch(url, init);
      const response = await fetch(url, { ...init, proxy: through }).catch((error: unknown) => {
        throw readProxyError(error) ?? error;
      });
      if (response.status !== 407) return response;
      // What a provider cannot mean: only a proxy asks for credentials of its own.
      void response.body?.cancel().catch(() => {});
      throw refusedByProxy(407);
    },
    isDirect: (endpoint) => endpoint.unixSocket !== undefined || isDirect(endpoint.baseUrl),
    probe: (endpoint) =>
      probe(endpoint.unixSocket || isDirect(endpoint.baseUrl) ? endpoint : { baseUrl: proxy, unixSocket: undefined }),
  };
}

/** What an error means that is the proxy's: if there is one, it is the only one that is connected to. */
function readProxyError(error: unknown): UpstreamError | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if (error.code === "ERR_PROXY_TUNNEL") return refusedByProxy("status" in error ? error.status : "");
  const { code, phase } = readFetchError(error, "header");
  if (phase !== "dns" && phase !== "connect") return undefined;
  return new UpstreamError("proxy_unreachable", { code: `PROXY_${code}`, phase, requestSent: false });
}

/** The proxy opened no tunnel, and answered the request to do so with this status. */
function refusedByProxy(status: unknown): UpstreamError {
  return new UpstreamError("proxy_refused", {
    code: `PROXY_STATUS_${String(status)}`,
    phase: "connect",
    requestSent: false,
  });
}
