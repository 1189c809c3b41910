import type { JsonObject } from "../core/json/parse.ts";
import type { ProviderApiName } from "./api-paths.ts";

/** What holds for some of a provider's models, by their names. */
export interface ModelFamily {
  /** Fits their names, in the provider's naming. */
  readonly models: RegExp;
  /** The APIs in which they can be asked, of those that the provider has. */
  readonly apis: readonly ProviderApiName[];
  /** How an API names them, if otherwise: what is replaced in a name, and by what. */
  readonly names?: { readonly [Name in ProviderApiName]?: readonly [found: RegExp, replacement: string] };
  /** How the bodies of an API differ. */
  readonly bodies?: { readonly [Name in ProviderApiName]?: BodyVariant };
}

/** What a body lacks, and has, beside what its API and the client say. Top-level members. */
export interface BodyVariant {
  /** The address names the model, and the body must not. */
  readonly isWithoutModel: boolean;
  /** Unless the client's body has them. */
  readonly added: JsonObject;
  /** Whatever the client's body has. */
  readonly replaced?: JsonObject;
}

interface HasFamilies {
  readonly families?: readonly ModelFamily[] | undefined;
}

/** The family of a model; undefined if all models of the provider are alike. */
function familyOf({ families }: HasFamilies, model: string): ModelFamily | undefined {
  return families?.find(({ models }) => models.test(model));
}

/**
 * Which APIs a model can be asked in.
 * @param model undefined for any model of the provider
 */
export function apisFor(
  provider: HasFamilies & { readonly apis: { readonly [Name in ProviderApiName]?: unknown } },
  model: string | undefined,
): (name: ProviderApiName) => boolean {
  const { apis } = provider;
  const family = model === undefined ? undefined : familyOf(provider, model);
  return (name) => apis[name] !== undefined && (!family || family.apis.includes(name));
}

/** A model's name as an API of its provider has it. */
export function nameIn(provider: HasFamilies, api: ProviderApiName, model: string): string {
  if (provider.families === undefined) return model;
  const [found, replacement] = familyOf(provider, model)?.names?.[api] ?? [];
  return found === undefined || replacement === undefined ? model : model.replace(found, replacement);
}

/** How the bodies of requests for a model differ from what the API says. */
export function bodyVariantOf(provider: HasFamilies, api: ProviderApiName, model: string): BodyVariant | undefined {
  return provider.families && familyOf(provider, model)?.bodies?.[api];
}

/** A body in such a variant. */
export function inVariant(body: JsonObject, variant: BodyVariant | undefined): JsonObject {
  if (!variant) return body;
  const { model: _, ...rest } = body;
  return { ...variant.added, ...(variant.isWithoutModel ? rest : body), ...variant.replaced };
}
