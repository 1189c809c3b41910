import type { TimerSource } from "../../core/deadlines.ts";
import { loadOnce } from "../../core/load-once.ts";
import type { PriceCall } from "../../core/request-register.ts";
import type { Provider } from "../../providers/provider.ts";
import type { RoutedModel } from "../models/routed-model.ts";
import type { NamedPrice } from "../models/model-options.ts";
import type { ListedProviders } from "./listed-providers.ts";
import { createPriceBook, type PriceBook } from "./price-book.ts";
import { createPriceCalls } from "./price-calls.ts";
import { loadPriceList, type PriceList } from "./price-list.ts";
import { createPriceUpdates, type FetchPrices, type PriceUpdates } from "./price-updates.ts";

/** What of prices one configuration asks for. */
export interface PricingOptions {
  /** What the operator says, which wins. */
  readonly named: readonly NamedPrice[];
  /** Say what each request cost; else prices are for routing only. */
  readonly computesCost: boolean;
  /** Keep the list up to date. */
  readonly updates: boolean;
}

/** The prices of one configuration. */
export interface OpenPrices {
  readonly book: PriceBook;
  /** What calls of models cost; undefined if that is not asked for. */
  calls(providers: readonly Provider[], models: readonly Pick<RoutedModel, "deployments">[]): PriceCall | undefined;
  /** They are in use from now on: the list is kept up to date, if that is asked for. */
  start(fetch: FetchPrices): void;
  /** They are not any more; what was started after them goes on. */
  stop(): void;
}

/** The list of prices, for all configurations: loaded once one needs it. */
export interface PriceSource {
  /** @param options undefined if nobody asks what models cost */
  open(options: PricingOptions | undefined): Promise<OpenPrices | undefined>;
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
  const loadList = loadOnce(() => load(() => updates?.newest()));
  return {
    async open(options) {
      if (!options) return undefined;
      const book = createPriceBook({ named: options.named, list: await loadList(), clock });
      let stop: (() => void) | undefined;
      return {
        book,
        calls(providers, models) {
          if (!options.computesCost) return undefined;
          const deployments = models.flatMap((model) => model.deployments);
          return createPriceCalls(book, providers, deployments);
        },
        start(fetch) {
          if (options.updates) stop = (updates ??= createPriceUpdates({ timers, onChange })).start(fetch);
        },
        stop: () => stop?.(),
      };
    },
  };
}
