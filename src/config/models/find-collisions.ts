import type { FileDeployment } from "../file/model-section.ts";

/** Deployments of a model that are, in part, the same as one before: their state would be one. @returns pairs of their places */
export function findCollisions(deployments: readonly FileDeployment[]): readonly (readonly [number, number])[] {
  /** By provider and model: where it is said of all keys, and of which one. */
  const known = new Map<string, { first: number; all?: number; readonly keys: Map<number, number> }>();
  return deployments.flatMap(({ provider, model, key }, index): readonly (readonly [number, number])[] => {
    const name = JSON.stringify([provider, model]);
    const before = known.get(name);
    const same = key === undefined ? before?.first : (before?.all ?? before?.keys.get(key));
    const entry = before ?? { first: index, keys: new Map<number, number>() };
    if (key === undefined) entry.all ??= index;
    else if (!entry.keys.has(key)) entry.keys.set(key, index);
    known.set(name, entry);
    return same === undefined ? [] : [[index, same]];
  });
}
