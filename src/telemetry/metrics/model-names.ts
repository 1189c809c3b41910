import { OTHER } from "./series.ts";

/** So many models get a name in metrics; those that come later are counted together. */
const MAX_MODELS = 500;

/** A longer name is none. */
const MAX_CHARACTERS = 256;

/** Which names somebody other than a client has made known. */
export interface KnownNames {
  /** Whether a provider of this id is configured. */
  provider(id: string): boolean;
  /** Whether the configuration, or the provider's list, has this model of a provider. */
  model(providerId: string, model: string): boolean;
  /** Whether it is one of the gateway's own names of models. */
  alias(name: string): boolean;
}

/** The names of models that metrics have as labels: a client cannot make up one. */
export interface ModelNames {
  /**
   * The label for a model.
   * @param provider of what it is a model; undefined for a name of the gateway's own
   * @param isGood whether the provider has answered well for it, by which it is known
   */
  labelOf(provider: string | undefined, model: string | undefined, isGood: boolean): string;
  providerLabelOf(id: string | undefined): string;
}

/** @param known as it is now */
export function createModelNames(known: () => KnownNames): ModelNames {
  const learned = new Set<string>();
  return {
    labelOf(provider, model, isGood) {
      if (model === undefined) return "";
      if (model.length > MAX_CHARACTERS) return OTHER;
      const key = `${provider ?? ""}/${model}`;
      if (learned.has(key)) return model;
      const isKnown = isGood || (provider === undefined ? known().alias(model) : known().model(provider, model));
      if (!isKnown || learned.size >= MAX_MODELS) return OTHER;
      learned.add(key);
      return model;
    },
    providerLabelOf: (id) => (id === undefined ? "" : known().provider(id) ? id : OTHER),
  };
}
