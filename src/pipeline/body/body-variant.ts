import type { ProviderApiName } from "../../providers/api-paths.ts";
import { bodyVariantOf, type BodyVariant } from "../../providers/model-family.ts";
import { numberOf } from "../../core/json/values.ts";
import type { Target } from "../../routing/target.ts";

/** How the bodies of requests to a target differ from what its API and the client say: for its model, and by its operator. */
export function variantFor({ provider, model, params }: Target, api: ProviderApiName): BodyVariant | undefined {
  const ofModel = bodyVariantOf(provider, api, model);
  if (!params) return ofModel;
  const { isWithoutModel = false, added } = ofModel ?? {};
  return { isWithoutModel, added: { ...params.defaults, ...added }, replaced: params.overrides };
}

/** The longest output that the operator wants if the client said nothing, for APIs whose requests must say one. */
export const maxTokensOf = ({ params }: Target): number | undefined => numberOf(params?.defaults["max_tokens"]);
