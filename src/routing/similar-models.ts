import { nearestName } from "../core/nearest-name.ts";
import type { Provider } from "../providers/provider.ts";

/** Most models that are named. */
const MAX_SIMILAR = 3;

/** A name that is shorter is part of too many others, and one that is longer is compared with none. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 64;

/** Most names that are compared character by character, which takes some 4 µs each. */
const MAX_COMPARED = 500;

/** A misspelt name is about as long as the right one. */
const MAX_LENGTH_DIFFERENCE = 3;

/** The ids that one provider lists, in its order. */
export interface ListedIds {
  readonly provider: Provider;
  readonly ids: { keys(): Iterable<string> } | undefined;
}

/**
 * The models that a name which nobody lists may have meant, as `provider/id`: those whose id holds it, or else the one
 * with the fewest other characters. What is before the last slash of the name counts for nothing.
 * @param isAllowed whether a model may be used
 */
export function findSimilarModels(
  lists: readonly ListedIds[],
  name: string,
  isAllowed: (provider: Provider, modelId: string) => boolean,
): readonly string[] {
  const wanted = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  if (wanted.length < MIN_LENGTH || wanted.length > MAX_LENGTH) return [];
  const similar: string[] = [];
  const comparable = new Map<string, string>();
  for (const { provider, ids } of lists) {
    for (const id of ids?.keys() ?? []) {
      const own = id.slice(id.lastIndexOf("/") + 1).toLowerCase();
      const isComparable =
        comparable.size < MAX_COMPARED && Math.abs(own.length - wanted.length) <= MAX_LENGTH_DIFFERENCE;
      const isSimilar = own.includes(wanted);
      if ((!isSimilar && !isComparable) || !isAllowed(provider, id)) continue;
      if (isSimilar && similar.push(`${provider.id}/${id}`) === MAX_SIMILAR) return similar;
      if (isComparable && !comparable.has(own)) comparable.set(own, `${provider.id}/${id}`);
    }
  }
  if (similar.length > 0) return similar;
  const nearest = comparable.get(nearestName(wanted, comparable.keys()) ?? "");
  return nearest === undefined ? [] : [nearest];
}
