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
  priceOf(deployment: Pick<Deployment, "price" | "provider">, model: string): PriceOptions | undefined;
}

/** Three tokens go in for one that comes out, as comparisons of models usually count: https://artificialanalysis.ai/methodology */
const INPUT_SHARE = 0.75;

/** One figure to compare prices by: US dollars for a million tokens, three of four of them input. */
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
 * @param now the time, for prices that depend on it
 */
export async function openPrices(
  models: readonly RoutedModel[],
  load = loadPriceList,
  now: () => Date = () => new Date(),
): Promise<Prices> {
  const list = needList(models) ? await load() : undefined;
  return {
    priceOf: ({ price, provider }, model) => price ?? list?.find(provider, model, now()),
  };
}
