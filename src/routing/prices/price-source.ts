import type { TimerSource } from "../../core/deadlines.ts";
import type { NamedPrice } from "../models/model-options.ts";
import type { ListedProviders } from "./listed-providers.ts";
import { createPriceBook, type PriceBook } from "./price-book.ts";
import { loadPriceList, type PriceList } from "./price-list.ts";
import { createPriceUpdates, type PriceUpdates, type FetchPrices } from "./price-updates.ts";

/** The list of prices, for all configurations: loaded once one needs it. */
export interface PriceSource {
  /** @param named what the operator says, which wins */
  open(named: readonly NamedPrice[]): Promise<PriceBook>;
  /**
   * Keeps the list up to date from now on.
   * @returns ends that; a later call of this one takes it over
   */
  update(fetch: FetchPrices): () => void;
}

export interface PriceSourceParts {
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Newer prices cannot be had, for that reason, or can again; called once for each change. */
  readonly onChange: (problem: string | undefined) => void;
  readonly load?: ((newer: () => ListedProviders | undefined) => Promise<PriceList>) | undefined;
}

export function createPriceSource({ timers, clock, onChange, load = loadPriceList }: PriceSourceParts): PriceSource {
  let updates: PriceUpdates | undefined;
  let list: Promise<PriceList> | undefined;
  return {
    async open(named) {
      list ??= load(() => updates?.newest());
      return createPriceBook({ named, list: await list, clock });
    },
    update(fetch) {
      updates ??= createPriceUpdates({ timers, onChange });
      return updates.start(fetch);
    },
  };
}
