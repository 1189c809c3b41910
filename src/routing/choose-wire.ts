import type { ApiName } from "../formats/format.ts";
import { isTranslated, WIRES } from "../formats/wires.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import { apisFor } from "../providers/model-family.ts";
import type { Provider } from "../providers/provider.ts";

/**
 * The API of a provider over which a request of a client's API goes: the same one if the provider has it, else the one
 * that can say most of those that it has and that the request can be translated to.
 * @param model in the provider's naming; undefined to ask for any of its models
 * @param only the one API of the provider that is in question, if not all are
 * @returns undefined if there is none: embeddings are never translated, and who counts tokens is for {@link chooseCounter} to say
 */
export function chooseWire(
  provider: Pick<Provider, "apis" | "wires" | "families">,
  api: ApiName,
  model?: string,
  only?: ProviderApiName,
): ProviderApiName | undefined {
  const { wires = WIRES } = provider;
  const has = apisFor(provider, model);
  if (only !== undefined) return has(only) && (only === api || isTranslated(api)) ? only : undefined;
  if (has(api)) return api;
  return isTranslated(api) ? wires.find(has) : undefined;
}
