import type { Deployment } from "../models/deployment.ts";
import type { PriceOptions } from "../models/model-options.ts";
import type { PriceBook } from "./price-book.ts";

/** What deployments cost. */
export interface Prices {
  /**
   * The price that the operator gave the deployment, or else the one of the book.
   * @param model that it is asked for, in its provider's naming
   * @returns undefined if nobody knows it
   */
  priceOf(deployment: Priced, model: string): PriceOptions | undefined;
  /** The same as one figure to compare by, in US dollars for a million tokens. */
  costOf(deployment: Priced, model: string): number | undefined;
}

type Priced = Pick<Deployment, "price" | "provider">;

/** Three tokens go in for one that comes out, as comparisons of models usually count: https://artificialanalysis.ai/methodology */
const INPUT_SHARE = 0.75;

/** Three of four tokens are input. */
export function blendedPrice({ input, output }: PriceOptions): number {
  return input * INPUT_SHARE + output * (1 - INPUT_SHARE);
}

/** @param book undefined if nobody needs a price that no deployment has */
export function createPrices(book: PriceBook | undefined): Prices {
  const priceOf = ({ price, provider }: Priced, model: string): PriceOptions | undefined =>
    price ?? book?.find(provider, model)?.price;
  return {
    priceOf,
    costOf(deployment, model) {
      const price = priceOf(deployment, model);
      return price && blendedPrice(price);
    },
  };
}
