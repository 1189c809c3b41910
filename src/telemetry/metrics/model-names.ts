import { OTHER } from "./series.ts";

/** So many models get a name that the configuration or a list has; those that come later are counted together. */
export const MAX_LISTED = 500;

/**
 * So many get one because they were answered for. Some servers answer for any name: clients that make up names must not take
 * the room of those that are listed.
 */
export const MAX_ANSWERED = 250;

/** So many teams have a name, likewise. */
const MAX_TEAMS = 100;

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
  /** @param team as an issuer says it */
  teamLabelOf(team: string): string;
}

/** @param known as it is now */
export function createModelNames(known: () => KnownNames): ModelNames {
  const listed = new Set<string>();
  const answered = new Set<string>();
  const teams = new Set<string>();
  return {
    labelOf(provider, model, isGood) {
      if (model === undefined) return "";
      if (model.length > MAX_CHARACTERS) return OTHER;
      const key = `${provider ?? ""}/${model}`;
      if (listed.has(key) || answered.has(key)) return model;
      const isListed = provider === undefined ? known().alias(model) : known().model(provider, model);
      if (isListed && listed.size < MAX_LISTED) listed.add(key);
      else if (isGood && answered.size < MAX_ANSWERED) answered.add(key);
      else return OTHER;
      return model;
    },
    teamLabelOf(team) {
      if (teams.has(team)) return team;
      if (team.length > MAX_CHARACTERS || teams.size >= MAX_TEAMS) return OTHER;
      teams.add(team);
      return team;
    },
    providerLabelOf: (id) => (id === undefined ? "" : known().provider(id) ? id : OTHER),
  };
}
