import type { RequestContext } from "../core/request-context.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames } from "../routing/model-names.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import type { Target } from "../routing/resolve-target.ts";

/**
 * Applies a model policy that is in force to a request of `/v1`: to its model, and to all others that the provider may
 * take for one of its models, such as fallbacks and tools with a model of their own.
 * @param query of the request, without its `provider`
 * @returns a promise only for a long body, which is searched in turns of the event loop
 * @throws Failure `model_not_allowed` or `model_disallowed`
 */
export function requireAllowedModels(
  policy: ModelPolicy,
  context: RequestContext,
  request: Request,
  { provider, model }: Target,
  body: Uint8Array,
  query: string,
): Promise<void> | undefined {
  const refusal = policy.refusal(provider, model);
  if (refusal) throw refusal;
  const names = createModelNames();
  const requireAllowed = (): undefined => {
    findQueryModels(query, names);
    const refused = names.refused(policy, provider);
    if (!refused) return undefined;
    context.selected(provider.id, refused.name);
    throw refused.failure;
  };
  const search = findJsonModels(asBuffer(body), names, { skipsData: true, stop: request });
  return search?.then(requireAllowed) ?? requireAllowed();
}
