import type { Format } from "../formats/format.ts";
import type { Wire } from "../formats/wires.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import type { Provider } from "../providers/provider.ts";

/** What counts the tokens of a request that the provider cannot count in the client's own API. */
export type Counter = CountingApi | "estimate";

/** The APIs of providers that count tokens. */
export type CountingApi = Extract<ProviderApiName, "countTokens" | "inputTokens">;

/** The wire of the requests that each of them counts. */
export const COUNTED_WIRES: Readonly<Record<CountingApi, Wire>> = { countTokens: "messages", inputTokens: "responses" };

/**
 * How a request to count tokens is answered.
 * @param estimates whether there may be an estimate if the provider cannot count
 * @returns `native` if the provider has the client's own API; undefined if it is not answered at all
 */
export function chooseCounter(
  { apis }: Pick<Provider, "apis">,
  { api }: Pick<Format, "api">,
  estimates: boolean,
): Counter | "native" | undefined {
  if (apis[api] !== undefined) return "native";
  if (apis.countTokens) return "countTokens";
  if (apis.inputTokens) return "inputTokens";
  return estimates ? "estimate" : undefined;
}
