import type { ListedModel } from "../../providers/model-list-readers.ts";
import type { Provider } from "../../providers/provider.ts";

/**
 * The models of one provider, as it listed them at one time. Never changes, so that what is made from it can be kept.
 */
export interface ModelList {
  readonly provider: Provider;
  /** By their ids, in the provider's order; what it listed twice is here once. */
  readonly models: ReadonlyMap<string, ListedModel>;
  /** In milliseconds since the epoch. */
  readonly readAt: number;
}

/** What a provider listed, by id; of what it listed twice the first. */
export function firstOfEachId(models: readonly ListedModel[]): ReadonlyMap<string, ListedModel> {
  const byId = new Map<string, ListedModel>();
  for (const model of models) if (!byId.has(model.id)) byId.set(model.id, model);
  return byId;
}
