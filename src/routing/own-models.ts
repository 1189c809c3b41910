import { Failure } from "../core/errors.ts";
import { MODEL_EXTRAS, type ModelExtra, type ModelExtras } from "../providers/model-extras.ts";
import type { PublicModel } from "./describe-model.ts";
import type { RoutedModel } from "./engine/route.ts";
import type { ModelLists } from "./model-lists.ts";
import type { Target } from "./resolve-target.ts";
import type { RoutePolicy } from "./route-policy.ts";

/** Who owns and serves the names of the gateway's own. */
export const GATEWAY_OWNER = "inference-gateway";

/** The names of the gateway's own that clients may ask for, as lists of models show them. Asks no provider for anything. */
export interface OwnModels {
  /** In the operator's order, as what is known of them is now. */
  all(): readonly PublicModel[];
  /** Undefined if there is none of that name, `null` if there is one that the policy refuses. */
  find(name: string): PublicModel | null | undefined;
}

/**
 * @param models those that have names without a `*`
 * @param lists for what the providers say of the deployments, as far as it has been read
 */
export function createOwnModels(
  models: readonly RoutedModel[],
  policy: RoutePolicy,
  { lists }: Pick<ModelLists, "lists">,
): OwnModels {
  const targetsByName = new Map<string, readonly Target[] | null>();
  for (const model of models) {
    const { name } = model.options;
    const judged = policy.judge({ model, star: "" }, name);
    targetsByName.set(name, judged instanceof Failure ? null : judged.model.deployments);
  }

  const describe = (id: string, targets: readonly Target[]): PublicModel => {
    const listed = targets.map(
      ({ provider, model }) => lists.get(provider.endpointKey)?.ids?.get(model)?.extras ?? NOTHING,
    );
    const extras = Object.fromEntries(MODEL_EXTRAS.map((extra) => [extra, inCommon(extra, listed)]));
    const names = { id, version: id, displayName: id, ownedBy: GATEWAY_OWNER, servedBy: GATEWAY_OWNER };
    return { ...names, created: 0, extras, targets };
  };

  return {
    all: () => [...targetsByName].flatMap(([name, targets]) => (targets ? describe(name, targets) : [])),
    find(name) {
      const targets = targetsByName.get(name);
      return targets ? describe(name, targets) : targets;
    },
  };
}

const NOTHING: ModelExtras = {};

/** What all deployments have alike; of the context window the smallest, since any of them may answer. */
function inCommon(extra: ModelExtra, listed: readonly ModelExtras[]): unknown {
  const values = listed.map((extras) => extras[extra]);
  if (extra === "context_window" && values.every((value) => typeof value === "number")) return Math.min(...values);
  return values.every((value) => value !== undefined && Bun.deepEquals(value, values[0])) ? values[0] : undefined;
}
