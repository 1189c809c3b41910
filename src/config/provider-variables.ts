import { PROVIDER_TABLE, type ProviderRow } from "../providers/table.ts";

/** The names of the variables that belong to one provider. */
export interface ProviderVariables {
  readonly url: string;
  readonly key: string;
  readonly http2: string;
  readonly relayHeaders: string;
  /** Read for custom providers only. */
  readonly authType: string;
  /** The variable that fills in the placeholder of the base URL, where the provider has one. */
  readonly urlParameter: string | undefined;
}

/** Names the variables of a built-in or custom provider: `my-server` is set by `MY_SERVER_API_URL` and so on. */
export function providerVariables(id: string): ProviderVariables {
  const prefix = id.toUpperCase().replaceAll("-", "_");
  const row: ProviderRow | undefined = Object.entries(PROVIDER_TABLE).find(([known]) => known === id)?.[1];
  return {
    url: `${prefix}_API_URL`,
    key: `${prefix}_API_KEY`,
    http2: `${prefix}_HTTP2`,
    relayHeaders: `${prefix}_RELAY_HEADERS`,
    authType: `${prefix}_AUTH_TYPE`,
    urlParameter: row?.urlParameter?.[1],
  };
}
