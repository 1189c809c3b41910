import type { Provider } from "./provider.ts";

/** The headers that make a request acceptable to this provider: its credential and what else it demands. Lower-case names. */
export function credentialHeaders(provider: Provider): Readonly<Record<string, string>> {
  if (provider.key === undefined) return provider.headers;
  switch (provider.auth) {
    case "bearer":
      return { ...provider.headers, authorization: `Bearer ${provider.key}` };
    case "x-header":
      return { ...provider.headers, [provider.authHeader]: provider.key };
    case "none":
      return provider.headers;
  }
}
