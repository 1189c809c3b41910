import type { Provider } from "../providers/provider.ts";
import type { Deadlines } from "../deadlines/deadlines.ts";
import { bodyOfStream } from "./stream-body.ts";
import type { Transport } from "./transport.ts";

/** The runtime's `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface FetchTransportParts {
  readonly fetch: Fetch;
  /** Whether a connection to the first server on the way can be had at all. */
  readonly probe: (provider: Provider) => Promise<boolean>;
  readonly deadlines: Deadlines;
  readonly now: () => number;
  /** After this long without an answer the probe is sent, in milliseconds. */
  readonly probeAfterMs: number;
}

/**
 * Carries requests by the runtime's `fetch`, which knows ways that the gateway's own transport does not: through a proxy.
 * `fetch` does not tell "still connecting" from "connected and thinking", so a second connection is asked instead, one for
 * a provider at a time, however many requests wait.
 */
export function createFetchTransport(parts: FetchTransportParts): Transport {
  const { fetch, probe, deadlines, now } = parts;
  const probing = new Map<Provider, Promise<boolean>>();

  const canConnect = (provider: Provider): Promise<boolean> => {
    let probed = probing.get(provider);
    if (!probed) {
      probed = probe(provider).finally(() => probing.delete(provider));
      probing.set(provider, probed);
    }
    return probed;
  };

  return (provider, request, onConnected) => {
    const controller = new AbortController();
    const fetched = fetch(request.url, {
      method: request.method,
      headers: request.headers as Record<string, string>,
      body: request.body,
      signal: controller.signal,
      redirect: "manual",
      decompress: request.keepEncoding !== true,
      timeout: false,
      proxy: false,
      ...(provider.unixSocket && { unix: provider.unixSocket }),
    });
    const wait = deadlines.open(now() + parts.probeAfterMs, () => {
      void canConnect(provider).then((connects) => {
        if (connects) onConnected();
      });
    });
    return {
      answer: fetched
        .then((response) => ({
          status: response.status,
          headers: response.headers,
          body: response.body && bodyOfStream(response.body),
        }))
        .finally(() => deadlines.release(wait)),
      abort: (reason) => controller.abort(reason),
    };
  };
}
