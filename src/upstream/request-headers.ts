import { credentialHeaders } from "../providers/credential-headers.ts";
import type { Provider } from "../providers/provider.ts";

/** Headers of the client that a provider may need to see; everything else stays in the gateway. */
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

/** Makes the headers of a JSON request to a provider from those of the client's request. */
export function createRequestHeaders(
  userAgent: string,
): (provider: Provider, client: Headers) => Record<string, string> {
  const fixed = new WeakMap<Provider, Readonly<Record<string, string>>>();

  const fixedHeaders = (provider: Provider): Readonly<Record<string, string>> => {
    let headers = fixed.get(provider);
    if (!headers) {
      headers = {
        "content-type": "application/json",
        // The gateway reads what comes back and relays it as it is, so it must not be compressed on the way.
        "accept-encoding": "identity",
        "user-agent": userAgent,
        ...credentialHeaders(provider),
      };
      fixed.set(provider, headers);
    }
    return headers;
  };

  return (provider, client) => {
    const headers: Record<string, string> = { ...fixedHeaders(provider) };
    for (const name of RELAYED) {
      const value = client.get(name);
      if (value !== null) headers[name] = value;
    }
    const clientAgent = client.get("user-agent");
    if (clientAgent !== null) headers["user-agent"] = `${userAgent} ${clientAgent}`;
    return headers;
  };
}
