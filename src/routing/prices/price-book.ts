import type { Provider } from "../../providers/provider.ts";
import { canonicalModelName, foldName } from "../model-name.ts";
import type { NamedPrice, PriceOptions } from "../models/model-options.ts";
import type { PriceList } from "./price-list.ts";
import { type Tariff, toTariff } from "./rates.ts";

/** A price as people say it, and ready to be computed with. */
export interface KnownPrice {
  readonly price: PriceOptions;
  readonly tariff: Tariff;
}

/** What models of providers cost: as the operator says, else as the list does. */
export interface PriceBook {
  /**
   * @param model in the provider's naming
   * @returns undefined if nobody knows it
   */
  find(provider: Provider, model: string): KnownPrice | undefined;
}

export interface PriceBookParts {
  /** What the operator says. */
  readonly named: readonly NamedPrice[];
  readonly list: PriceList;
  /** Milliseconds since the epoch, for prices that depend on the time of day. */
  readonly clock: () => number;
}

/** What was found for a model: to look it up takes up to 150 µs, more than all else of a request. */
interface Found {
  readonly known: KnownPrice | undefined;
  readonly until: number;
}

/** Prices that depend on the time of day change by the minute at most. */
const FOUND_MS = 60_000;

/** More models than a gateway asks for. What is beyond is looked up again. */
const MAX_FOUND = 4096;

export function createPriceBook({ named, list, clock }: PriceBookParts): PriceBook {
  const findNamed = createNamedPrices(named);
  const found = new Map<string, Map<string, Found>>();
  let count = 0;

  const lookUp = (provider: Provider, model: string, at: number): KnownPrice | undefined => {
    const own = findNamed(provider, model);
    if (own) return own;
    const price = list.find(provider, model, new Date(at));
    return price && { price, tariff: toTariff(price) };
  };

  return {
    find(provider, model) {
      const at = clock();
      let ofProvider = found.get(provider.id);
      const before = ofProvider?.get(model);
      if (before && at < before.until) return before.known;
      if (!before && count >= MAX_FOUND) {
        found.clear();
        ofProvider = undefined;
        count = 0;
      }
      if (!ofProvider) found.set(provider.id, (ofProvider = new Map<string, Found>()));
      if (!before) count += 1;
      const known = lookUp(provider, model, at);
      ofProvider.set(model, { known, until: at + FOUND_MS });
      return known;
    },
  };
}

interface Pattern {
  readonly before: string;
  readonly behind: string;
  readonly known: KnownPrice;
}

/** A name wins over one with a `*`; of these the one that says the most. */
function createNamedPrices(named: readonly NamedPrice[]) {
  const exact = new Map<string, KnownPrice>();
  const patterns = new Map<string, Pattern[]>();
  const keyOf = (provider: string, model: string): string => `${provider}/${model}`;
  for (const { provider, model, price } of named) {
    const known = { price, tariff: toTariff(price) };
    const folded = foldName(model);
    const [before = "", behind] = folded.split("*");
    if (behind === undefined) exact.set(keyOf(provider, folded), known);
    else patterns.set(provider, [...(patterns.get(provider) ?? []), { before, behind, known }]);
  }
  const lengthOf = ({ before, behind }: Pattern): number => before.length + behind.length;
  for (const list of patterns.values()) list.sort((one, other) => lengthOf(other) - lengthOf(one));

  const matching = (list: readonly Pattern[], name: string): KnownPrice | undefined =>
    list.find((one) => {
      return name.length >= lengthOf(one) && name.startsWith(one.before) && name.endsWith(one.behind);
    })?.known;

  return (provider: Provider, model: string): KnownPrice | undefined => {
    if (named.length === 0) return undefined;
    const names = [foldName(model), canonicalModelName(provider, model)];
    for (const name of names) {
      const known = exact.get(keyOf(provider.id, name));
      if (known) return known;
    }
    const list = patterns.get(provider.id) ?? [];
    return names.map((name) => matching(list, name)).find((known) => known !== undefined);
  };
}
