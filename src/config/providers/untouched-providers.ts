import type { ProviderRow } from "../../providers/provider-row.ts";
import type { Provider } from "../../providers/provider.ts";
import { CUSTOM_PROVIDER_ROW } from "../../providers/table.ts";
import type { Endpoint } from "../../upstream/endpoint.ts";
import { type Environment, readVariable } from "../environment.ts";
import { variableNames } from "./provider-variables.ts";

/** All that such a provider depends on. */
interface Untouched {
  readonly id: string;
  readonly row: ProviderRow;
  /** `CLIENT_TRANSPORT` */
  readonly transport: Endpoint["transport"];
}

/** Providers that no variable says anything about, for whoever loads a configuration again and again. */
export type UntouchedProviders = Map<string, { readonly row: ProviderRow; readonly provider: Provider }>;

/**
 * Loads a provider. A built-in one that no variable says anything about, which most are, is the same object each time: to put
 * forty of them together took half the time of loading a configuration.
 */
export function loadOnce(
  loaded: UntouchedProviders,
  environment: Environment,
  { id, row, transport }: Untouched,
  load: () => Provider,
): Provider {
  // Clouds have variables of their own, and a custom provider has its address.
  if (row.credential || row === CUSTOM_PROVIDER_ROW) return load();
  if (variableNames(id).some((name) => readVariable(environment, name) !== undefined)) return load();
  const key = `${id} ${transport}`;
  const known = loaded.get(key);
  if (known?.row === row) return known.provider;
  const provider = load();
  loaded.set(key, { row, provider });
  return provider;
}
