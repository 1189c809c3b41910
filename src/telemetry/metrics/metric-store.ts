import { FAMILIES, FAMILY_ROWS, type FamilyName } from "./families.ts";
import { Series, type SeriesCopy } from "./series.ts";

/** The series of every family. */
export type MetricStore = { readonly [Name in FamilyName]: Series };

/** The same as they are at one time, for another process. */
export type StoreCopy = { readonly [Name in FamilyName]: SeriesCopy };

export function createMetricStore(): MetricStore {
  const made = FAMILY_ROWS.map(([name, family]) => [name, new Series(family)] as const);
  return Object.fromEntries(made) as MetricStore;
}

/** Forgets what gauges were, before they are read anew. */
export function clearGauges(store: MetricStore): void {
  for (const [name, { kind }] of FAMILY_ROWS) if (kind === "gauge") store[name].clear();
}

export const copyStore = (store: MetricStore): StoreCopy =>
  Object.fromEntries(FAMILY_ROWS.map(([name]) => [name, store[name].copy()])) as StoreCopy;

/** @param kept of which families what was counted is added */
export function mergeStore(
  store: MetricStore,
  copy: StoreCopy,
  kept: (name: FamilyName) => boolean = () => true,
): void {
  for (const [name] of FAMILY_ROWS) if (kept(name)) store[name].merge(copy[name]);
}

/** Whether what is counted of a family goes on growing, whatever becomes of the process that has counted. */
export const isCounted = (name: FamilyName): boolean => FAMILIES[name].kind !== "gauge";
