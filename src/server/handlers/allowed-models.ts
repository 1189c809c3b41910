import { loadOnce } from "../../core/load-once.ts";
import { type PublicModel, publicModel } from "../../routing/describe-model.ts";
import type { ModelList } from "../../routing/model-lists/model-list.ts";
import type { ModelPolicy } from "../../routing/policy/model-policy.ts";

/** Checking this many against the policy takes well below a millisecond; then other requests get their turn. */
const MODELS_PER_TURN = 500;

/** Makes what finds the models of lists that the policy allows, in order; it is found out once for each list. */
export function createAllowedModels(
  policy: Pick<ModelPolicy, "refusal">,
): (lists: readonly ModelList[]) => Promise<readonly PublicModel[]> {
  const known = new WeakMap<ModelList, () => Promise<readonly PublicModel[]>>();

  const findAllowed = async ({ provider, models }: ModelList): Promise<readonly PublicModel[]> => {
    const allowed: PublicModel[] = [];
    let seen = 0;
    for (const model of models.values()) {
      if (policy.refusal(provider, model.id) === undefined) allowed.push(publicModel(provider, model));
      if (++seen % MODELS_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return allowed;
  };
  const allowedOf = (list: ModelList): Promise<readonly PublicModel[]> => {
    let allowed = known.get(list);
    if (!allowed) known.set(list, (allowed = loadOnce(() => findAllowed(list))));
    return allowed();
  };

  return async (lists) => (await Promise.all(lists.map(allowedOf))).flat();
}
