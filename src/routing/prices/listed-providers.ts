import type { Provider, ProviderFindOptions } from "@pydantic/genai-prices";
import { isJsonObject, parseJson } from "../../core/json/parse.ts";

/** Data of the price list that was fetched. */
export interface ListedProviders {
  /** As the list's own `findProvider`, by id or by address. */
  find(where: Pick<ProviderFindOptions, "providerId" | "providerApiUrl">): Provider | undefined;
}

/** Fewer providers than this are not the list: it has some 40. */
const MIN_PROVIDERS = 5;

/**
 * Reads what was fetched. What is in it is only used as far as it is of the form that is known.
 * @returns undefined if it is no list of providers
 */
export function readListedProviders(bytes: Uint8Array): ListedProviders | undefined {
  const value = parseJson(bytes);
  if (!Array.isArray(value)) return undefined;
  const providers = value.filter(isProvider);
  if (providers.length < MIN_PROVIDERS || providers.length < value.length) return undefined;
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return {
    find({ providerId, providerApiUrl: url }) {
      if (providerId !== undefined) return byId.get(providerId);
      return url === undefined ? undefined : providers.find((provider) => isAt(provider, url));
    },
  };
}

const isProvider = (value: unknown): value is Provider =>
  isJsonObject(value) &&
  typeof value["id"] === "string" &&
  typeof value["api_pattern"] === "string" &&
  Array.isArray(value["models"]) &&
  value["models"].every(
    (model) =>
      isJsonObject(model) &&
      typeof model["id"] === "string" &&
      isJsonObject(model["match"]) &&
      (isJsonObject(model["prices"]) || Array.isArray(model["prices"])),
  );

function isAt({ api_pattern: pattern }: Provider, url: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})`).test(url);
  } catch {
    return false;
  }
}
