import { credentialHeaders } from "./credential-headers.ts";
import type { Provider } from "./provider.ts";

/** Headers of the client that any provider may need to see; everything else but the provider's extra ones stays in the gateway. */
const RELAYED = [
  "anthropic-beta",
  "anthropic-version",
  "openai-beta",
  "openai-organization",
  "openai-project",
  "idempotency-key",
  "traceparent",
  "tracestate",
] as const;

/** This many user agents are remembered for each provider; most gateways see a handful. */
const MAX_AGENTS = 64;

/**
 * Makes the headers of a JSON request to a provider from those of the client's request. Clients that send nothing to be
 * relayed but their name get the same frozen object each time, so that it is written out only once.
 */
export function createRequestHeaders(
  userAgent: string,
): (provider: Provider, client: Headers) => Readonly<Record<string, string>> {
  const known = new WeakMap<Provider, Map<string, Readonly<Record<string, string>>>>();

  const make = (provider: Provider, clientAgent: string): Readonly<Record<string, string>> =>
    Object.freeze({
      "content-type": "application/json",
      // The gateway reads what comes back and passes it on as it is, so it must not be compressed on the way.
      "accept-encoding": "identity",
      "user-agent": clientAgent === "" ? userAgent : `${userAgent} ${clientAgent}`,
      ...credentialHeaders(provider),
    });

  const plainHeaders = (provider: Provider, clientAgent: string): Readonly<Record<string, string>> => {
    let ofProvider = known.get(provider);
    if (!ofProvider) known.set(provider, (ofProvider = new Map()));
    let headers = ofProvider.get(clientAgent);
    if (!headers) {
      if (ofProvider.size >= MAX_AGENTS) ofProvider.clear();
      ofProvider.set(clientAgent, (headers = make(provider, clientAgent)));
    }
    return headers;
  };

  return (provider, client) => {
    const plain = plainHeaders(provider, client.get("user-agent") ?? "");
    let headers: Record<string, string> | undefined;
    for (const name of RELAYED) {
      const value = client.get(name);
      if (value !== null) (headers ??= { ...plain })[name] = value;
    }
    for (const name of provider.extraRequestHeaders) {
      const value = client.get(name);
      // What the gateway itself says of its request is not the client's to change.
      if (value !== null && !Object.hasOwn(plain, name)) (headers ??= { ...plain })[name] = value;
    }
    return headers ?? plain;
  };
}
