import type { ProviderApiName } from "./api-paths.ts";
import { accessHeaders } from "./api-access.ts";
import type { Provider, ProviderApi } from "./provider.ts";

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

/** This many user agents are remembered for each API of a provider; most gateways see a handful. */
const MAX_AGENTS = 64;

/** Makes the headers of a JSON request to one of a provider's APIs from those of the client's request. */
export type RequestHeaders = (
  provider: Provider,
  client: Headers,
  api: ProviderApiName,
) => Readonly<Record<string, string>>;

const KEY = "idempotency-key";

/** The headers for another body than the client's, which the client's key does not name. */
export function withoutIdempotencyKey(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!Object.hasOwn(headers, KEY)) return headers;
  const { [KEY]: _, ...rest } = headers;
  return rest;
}

/**
 * Creates what makes them. Clients that send nothing to be relayed but their name get the same frozen object each time,
 * so that it is written out only once.
 */
export function createRequestHeaders(userAgent: string): RequestHeaders {
  const known = new WeakMap<ProviderApi, Map<string, Readonly<Record<string, string>>>>();

  const make = (api: ProviderApi, clientAgent: string): Readonly<Record<string, string>> =>
    Object.freeze({
      "content-type": "application/json",
      // The gateway reads what comes back and passes it on as it is, so it must not be compressed on the way.
      "accept-encoding": "identity",
      "user-agent": clientAgent === "" ? userAgent : `${userAgent} ${clientAgent}`,
      ...accessHeaders(api),
    });

  const plainHeaders = (api: ProviderApi, clientAgent: string): Readonly<Record<string, string>> => {
    let ofApi = known.get(api);
    if (!ofApi) known.set(api, (ofApi = new Map()));
    let headers = ofApi.get(clientAgent);
    if (!headers) {
      if (ofApi.size >= MAX_AGENTS) ofApi.clear();
      ofApi.set(clientAgent, (headers = make(api, clientAgent)));
    }
    return headers;
  };

  return (provider, client, name) => {
    // Whoever asks has found the address of the API; what is missing is sent with the credential of the lists.
    const api = provider.apis[name] ?? provider.apis.models;
    const plain = plainHeaders(api, client.get("user-agent") ?? "");
    let headers: Record<string, string> | undefined;
    for (const name of RELAYED) {
      const value = client.get(name);
      if (value !== null && !Object.hasOwn(api.fixed, name)) (headers ??= { ...plain })[name] = value;
    }
    for (const name of provider.extraRequestHeaders) {
      const value = client.get(name);
      // What the gateway itself says of its request is not the client's to change.
      if (value !== null && !Object.hasOwn(plain, name)) (headers ??= { ...plain })[name] = value;
    }
    return headers ?? plain;
  };
}
