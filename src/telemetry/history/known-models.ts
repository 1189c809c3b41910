import type { Run } from "./database.ts";

/** The name under which the sums have what was asked under a name that no provider has answered well to. */
const OTHER_MODEL = "other";

/** Names that are summed apart: clients may ask for any, and sums are for few. */
export interface KnownModels {
  /**
   * The provider under which a request is summed; none if it is only a word of the client.
   * @param wasAsked whether it was asked, which shows that it is one
   */
  providerOf(provider: string, wasAsked: boolean): string;
  /**
   * The model under which it is summed.
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
  const providers = new Set(rows.map(({ provider }) => String(provider)));
  return {
    providerOf(provider, wasAsked) {
      if (wasAsked) providers.add(provider);
      return providers.has(provider) ? provider : "";
    },
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
