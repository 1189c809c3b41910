import type { ApiName } from "../formats/format.ts";
import { isTranslated, WIRES } from "../formats/wires.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import type { Provider } from "../providers/provider.ts";

/**
 * The API of a provider over which a request of a client's API goes: the same one if the provider has it, else the one
 * that can say most of those that it has and that the request can be translated to.
 * @returns undefined if there is none: embeddings and counts of tokens are never translated
 */
export function chooseWire(
  { apis, wires = WIRES }: Pick<Provider, "apis" | "wires">,
  api: ApiName,
): ProviderApiName | undefined {
  if (apis[api] !== undefined) return api;
  return isTranslated(api) ? wires.find((wire) => apis[wire] !== undefined) : undefined;
}
