import type { RequestRecord } from "../../core/request-context.ts";
import type { MetricStore } from "./metric-store.ts";
import type { ModelNames } from "./model-names.ts";
import { type ModelIdentity, ModelSeries } from "./model-series.ts";
import { OWN_SOURCE } from "./series.ts";

/** What the series of models are found by, without a text being made for it. */
export interface ModelTable {
  /**
   * The series of a request, or of a call for it.
   * @param model in the provider's naming
   * @param isGood see {@link ModelNames.labelOf}
   */
  find(
    operation: string,
    context: RequestRecord,
    model: string | undefined,
    isGood: boolean,
    provider?: string | undefined,
  ): ModelSeries;
}

/** So many names are remembered with what they lead to; then it begins anew. */
const MAX_ENTRIES = 4096;

/** What was found for a name, as it was asked for. */
interface Entry {
  readonly identity: ModelIdentity;
  readonly series: ModelSeries;
}

export function createModelTable(store: MetricStore, names: ModelNames): ModelTable {
  /** By the model that was asked for: hardly ever more than one entry each. */
  const entries = new Map<string, Entry[]>();
  /** By their labels, which are bounded. */
  const made = new Map<string, ModelSeries>();
  let size = 0;

  const make = (identity: ModelIdentity): ModelSeries => {
    const { team, operation, provider, asked, model } = identity;
    const labels = [OWN_SOURCE, team, operation, provider, asked, model];
    const key = JSON.stringify(labels);
    let series = made.get(key);
    if (!series) {
      series = new ModelSeries(store, identity, labels);
      made.set(key, series);
    }
    return series;
  };

  /** Of what is not known by its names: they are looked up each time. */
  const resolve = (identity: ModelIdentity, alias: string | undefined, isGood: boolean): Entry => {
    const provider = names.providerLabelOf(identity.provider || undefined);
    const model = names.labelOf(identity.provider, identity.model || undefined, isGood);
    const asked = alias === undefined ? model : names.labelOf(undefined, alias, isGood);
    return { identity, series: make({ ...identity, provider, model, asked }) };
  };

  const remember = (entry: Entry): void => {
    if (size >= MAX_ENTRIES) {
      entries.clear();
      size = 0;
    }
    const { asked } = entry.identity;
    const list = entries.get(asked);
    if (list) list.push(entry);
    else entries.set(asked, [entry]);
    size += 1;
  };

  return {
    find(operation, context, model = "", isGood, provider = context.provider ?? "") {
      const alias = context.routing?.alias;
      const asked = alias ?? model;
      const named = context.principal?.team;
      const team = named === undefined ? "" : names.teamLabelOf(named);
      const list = entries.get(asked);
      if (list) {
        for (const { identity, series } of list) {
          if (
            identity.model === model &&
            identity.provider === provider &&
            identity.operation === operation &&
            identity.team === team
          ) {
            return series;
          }
        }
      }
      const entry = resolve({ team, operation, provider, asked, model }, alias, isGood);
      // What a client has made up must not be kept, and may become known.
      if (isNamedAsAsked(entry)) remember(entry);
      return entry.series;
    },
  };
}

function isNamedAsAsked({ identity, series: { identity: named } }: Entry): boolean {
  return named.model === identity.model && named.asked === identity.asked && named.provider === identity.provider;
}
