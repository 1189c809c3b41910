import type { ApiName, Format } from "../formats/format.ts";
import { isTranslated, type Wire, WIRES } from "../formats/wires.ts";
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

/** What counts the tokens of a request that the provider cannot count in the client's own API. */
export type Counter = CountingApi | "estimate";

/** The APIs of providers that count tokens. */
export type CountingApi = Extract<ProviderApiName, "countTokens" | "inputTokens" | "countGenerateTokens">;

/** The wire of the requests that each of them counts. */
export const COUNTED_WIRES: Readonly<Record<CountingApi, Wire>> = {
  countTokens: "messages",
  inputTokens: "responses",
  countGenerateTokens: "generate",
};

/**
 * How a request to count tokens is answered.
 * @param estimates whether there may be an estimate if the provider cannot count
 * @param model in the provider's naming
 * @returns `native` if the provider has the client's own API; undefined if it is not answered at all
 */
export function chooseCounter(
  provider: Pick<Provider, "apis" | "families">,
  { api }: Pick<Format, "api">,
  estimates: boolean,
  model: string,
): Counter | "native" | undefined {
  const has = apisFor(provider, model);
  if (has(api)) return "native";
  if (has("countTokens")) return "countTokens";
  if (has("inputTokens")) return "inputTokens";
  if (has("countGenerateTokens")) return "countGenerateTokens";
  return estimates ? "estimate" : undefined;
}
