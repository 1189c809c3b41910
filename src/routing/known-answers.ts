import { modelFor, type RoutedModel } from "./models/routed-model.ts";
import type { Deployment } from "./models/deployment.ts";

/** Who has given a response: its provider keeps it, and others do not know its id. */
export interface Giver {
  /** Of the deployment. */
  readonly key: string;
  /** As it was asked for it. */
  readonly model: string;
}

/** Of this process, whatever configuration it has. */
export interface KnownAnswers {
  given(id: string, by: Giver): void;
  /** Undefined if it is not known, or not any more. */
  by(id: string): Giver | undefined;
}

/** About 3 MiB. Those that were given first are forgotten first. */
const MAX_ANSWERS = 10_000;

/** Conversations are gone on with sooner; providers keep them for longer. */
const KNOWN_FOR_MS = 24 * 60 * 60 * 1000;

const MAX_ID_CHARACTERS = 256;

/** @param now milliseconds of the monotonic clock */
export function createKnownAnswers(now: () => number): KnownAnswers {
  const known = new Map<string, Giver & { readonly until: number }>();
  return {
    given(id, { key, model }) {
      if (id.length > MAX_ID_CHARACTERS) return;
      const [first] = known.size < MAX_ANSWERS || known.has(id) ? [] : known.keys();
      if (first !== undefined) known.delete(first);
      known.set(id, { key, model, until: now() + KNOWN_FOR_MS });
    },
    by(id) {
      const found = known.get(id);
      return found && found.until > now() ? found : undefined;
    },
  };
}

/** The deployment of a model that has given a response, if it has it. */
export const giverIn = (
  { deployments }: Pick<RoutedModel, "deployments">,
  star: string,
  { key, model }: Giver,
): Deployment | undefined => deployments.find((one) => one.key === key && modelFor(one, star) === model);
