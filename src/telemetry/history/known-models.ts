import type { Run } from "./database.ts";

/** The name under which the sums have what was asked under a name that no provider has answered well to. */
const OTHER_MODEL = "other";

/** Names that models have, as far as good answers have shown it: clients may ask for any name, and sums are for few. */
export interface KnownModels {
  /**
   * The name under which a request is summed.
   * @param isGood whether its answer shows that the name is one
   */
  nameOf(provider: string, model: string, isGood: boolean): string;
}

/** More names are not summed apart. */
const MAX_MODELS = 4096;

/** A name that was not asked for so long has to be answered well again. */
const KNOWN_MS = 30 * 24 * 3_600_000;

/**
 * Knows at first those of which there are sums.
 * @param time now, in milliseconds since the epoch
 */
export async function createKnownModels(run: Run, time: number): Promise<KnownModels> {
  const keyOf = (provider: string, model: string): string => `${provider.length} ${provider}${model}`;
  const { rows } = await run("SELECT DISTINCT provider, model FROM hourly WHERE hour > ? LIMIT ?", [
    time - KNOWN_MS,
    MAX_MODELS,
  ]);
  const known = new Set(rows.map(({ provider, model }) => keyOf(String(provider), String(model))));
  return {
    nameOf(provider, model, isGood) {
      if (model === "") return model;
      const key = keyOf(provider, model);
      if (known.has(key)) return model;
      if (!isGood || known.size >= MAX_MODELS) return OTHER_MODEL;
      known.add(key);
      return model;
    },
  };
}
