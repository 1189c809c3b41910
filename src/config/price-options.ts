import type { Config } from "./load-config.ts";

/** What models cost; undefined if nobody asks. */
export function priceOptions({ settings, models, prices }: Config) {
  const computesCost = settings.COST_ENABLED || settings.COST_HEADER || prices.length > 0;
  const isAsked = models.some(
    ({ strategy, deployments }) => strategy === "cheapest" && deployments.some(({ price }) => price === undefined),
  );
  return computesCost || isAsked ? { named: prices, computesCost, updates: settings.PRICES_UPDATE } : undefined;
}
