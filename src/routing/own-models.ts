import { Failure } from "../core/errors.ts";
import type { PublicModel } from "./describe-model.ts";
import type { RoutedModel } from "./models/routed-model.ts";
import type { Target } from "./target.ts";
import type { RoutePolicy } from "./policy/route-policy.ts";

/** Who owns and serves the names of the gateway's own. */
const GATEWAY_OWNER = "inference-gateway";

/** The names of the gateway's own that clients may ask for, as lists of models show them. Asks no provider for anything. */
export interface OwnModels {
  /** In the operator's order. */
  all(): readonly PublicModel[];
  /** Undefined if there is none of that name, `null` if there is one that the policy refuses. */
  find(name: string): PublicModel | null | undefined;
}

/** @param models those that have names without a `*` */
export function createOwnModels(models: readonly RoutedModel[], policy: RoutePolicy): OwnModels {
  const targetsByName = new Map<string, readonly Target[] | null>();
  for (const model of models) {
    const { name } = model.options;
    const judged = policy.judge({ model, star: "" }, name);
    targetsByName.set(name, judged instanceof Failure ? null : judged.model.deployments);
  }

  const describe = (id: string, targets: readonly Target[]): PublicModel => {
    const names = { id, version: id, displayName: id, ownedBy: GATEWAY_OWNER, servedBy: GATEWAY_OWNER };
    return { ...names, created: 0, targets };
  };

  return {
    all: () => [...targetsByName].flatMap(([name, targets]) => (targets ? describe(name, targets) : [])),
    find(name) {
      const targets = targetsByName.get(name);
      return targets ? describe(name, targets) : targets;
    },
  };
}
