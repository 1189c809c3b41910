import type { ListedModel } from "../../providers/model-list-readers.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ModelList } from "../../routing/model-list.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";

/** Checking this many against the policy takes well below a millisecond; then other requests get their turn. */
const MODELS_PER_TURN = 500;

/** A model, and who has it. */
export interface AllowedModel {
  readonly provider: Provider;
  readonly model: ListedModel;
}

/** Makes what finds the models of lists that the policy allows, in order; it is found out once for each list. */
export function createAllowedModels(
  policy: ModelPolicy,
): (lists: readonly ModelList[]) => Promise<readonly AllowedModel[]> {
  const known = new WeakMap<ModelList, Promise<readonly ListedModel[]>>();

  const findAllowed = async ({ provider, models }: ModelList): Promise<readonly ListedModel[]> => {
    const allowed: ListedModel[] = [];
    let seen = 0;
    for (const model of models.values()) {
      if (policy.refusal(provider, model.id) === undefined) allowed.push(model);
      if (++seen % MODELS_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return allowed;
  };
  const allowedOf = (list: ModelList): Promise<readonly ListedModel[]> => {
    let allowed = known.get(list);
    if (!allowed) known.set(list, (allowed = findAllowed(list)));
    return allowed;
  };

  return async (lists) => {
    const allowed = await Promise.all(lists.map(allowedOf));
    return lists.flatMap(({ provider }, index) => (allowed[index] ?? []).map((model) => ({ provider, model })));
  };
}
