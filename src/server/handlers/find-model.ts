import type { ListedModel } from "../../providers/model-list-readers.ts";
import type { Provider } from "../../providers/provider.ts";
import { type PublicModel, publicModel } from "../../routing/describe-model.ts";
import type { ModelList } from "../../routing/model-lists/model-list.ts";
import type { ModelLists } from "../../routing/model-lists/model-lists.ts";
import type { ModelPolicy } from "../../routing/policy/model-policy.ts";
import type { OwnModels } from "../../routing/own-models.ts";
import { modelNotFound } from "../../routing/target-failures.ts";

export interface FindModelParts {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly catalogue: ModelLists;
  readonly policy: ModelPolicy;
  /** The names of the gateway's own; absent if it has none. */
  readonly own?: OwnModels | undefined;
}

/**
 * Finds a model by a name of the gateway's own, by `provider/model` or, if only one provider lists it, by its bare name.
 * @throws Failure `model_not_found`, with the names that are similar
 */
export type FindModel = (id: string) => Promise<PublicModel>;

export function createFindModel({ providers, catalogue: modelLists, policy, own }: FindModelParts): FindModel {
  const listedBy = ({ provider, models }: ModelList, id: string): readonly Listed[] => {
    const model = models.get(id);
    return model ? [{ provider, model }] : [];
  };
  /** Asks only the provider that the id names, so that nobody waits for another one. */
  const findNamed = async (id: string): Promise<readonly Listed[]> => {
    const slash = id.indexOf("/");
    const provider = slash > 0 ? providers.get(id.slice(0, slash)) : undefined;
    if (!provider?.callable) return [];
    const list = await modelLists.ofProvider(provider).catch(() => undefined);
    return list ? listedBy(list, id.slice(slash + 1)) : [];
  };
  const findListed = async (id: string): Promise<readonly Listed[]> => {
    const named = await findNamed(id);
    return named.length > 0 ? named : (await modelLists.all()).flatMap((list) => listedBy(list, id));
  };

  return async (id) => {
    const ownModel = own?.find(id);
    if (ownModel) return ownModel;
    const listed = ownModel === null ? [] : await findListed(id);
    const allowed = listed.filter(({ provider, model }) => policy.refusal(provider, model.id) === undefined);
    const [found] = allowed;
    if (found && listed.length === 1) return publicModel(found.provider, found.model);
    throw modelNotFound(id, modelLists.findSimilar(id), allowed);
  };
}

/** A model in the list of a provider. */
interface Listed {
  readonly provider: Provider;
  readonly model: ListedModel;
}
