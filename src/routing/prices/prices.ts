import type { RoutedModel } from "../engine/route.ts";
import type { Deployment } from "../models/deployment.ts";
import type { PriceOptions } from "../models/model-options.ts";
import { loadPriceList } from "./price-list.ts";

/** What deployments cost. */
export interface Prices {
  /**
   * The price that the operator gave the deployment, or else the one of the built-in list.
   * @param model that it is asked for, in its provider's naming
   * @returns undefined if nobody knows it
   */
  priceOf(deployment: Priced, model: string): PriceOptions | undefined;
  /** The same as one figure to compare by, in US dollars for a million tokens. */
  costOf(deployment: Priced, model: string): number | undefined;
}

type Priced = Pick<Deployment, "price" | "provider">;

/** What was found for a deployment: to look it up takes up to 150 us, more than all else of a request. */
interface Found {
  readonly model: string;
  readonly price: PriceOptions | undefined;
  readonly until: number;
}

/** Prices that depend on the time of day change by the minute at most. */
const FOUND_MS = 60_000;

/** Three tokens go in for one that comes out, as comparisons of models usually count: https://artificialanalysis.ai/methodology */
const INPUT_SHARE = 0.75;

/** Three of four tokens are input. */
export function blendedPrice({ input, output }: PriceOptions): number {
  return input * INPUT_SHARE + output * (1 - INPUT_SHARE);
}

/** Whether somebody asks for a price that the operator did not give. */
function needList(models: readonly RoutedModel[]): boolean {
  return models.some(
    ({ options, deployments }) =>
      options.strategy === "cheapest" && deployments.some(({ price }) => price === undefined),
  );
}

/**
 * @param models those of the configuration; the built-in list is loaded only if a `cheapest` one has a deployment without a price
 * @param load loads the built-in list
 * @param now milliseconds since the epoch, for prices that depend on the time of day
 */
export async function openPrices(
  models: readonly RoutedModel[],
  load = loadPriceList,
  now: () => number = Date.now,
): Promise<Prices> {
  const list = needList(models) ? await load() : undefined;
  const known = new WeakMap<Priced, Found>();
  const priceOf = (deployment: Priced, model: string): PriceOptions | undefined => {
    const { price: own, provider } = deployment;
    if (own !== undefined || list === undefined) return own;
    const at = now();
    const found = known.get(deployment);
    if (found?.model === model && at < found.until) return found.price;
    const price = list.find(provider, model, new Date(at));
    known.set(deployment, { model, price, until: at + FOUND_MS });
    return price;
  };
  return {
    priceOf,
    costOf(deployment, model) {
      const price = priceOf(deployment, model);
      return price && blendedPrice(price);
    },
  };
}
