import type { ModelOptions } from "../models/model-options.ts";
import { createCheapest, type PriceOf } from "./cheapest.ts";
import { createFastest } from "./fastest.ts";
import { createLeastBusy } from "./least-busy.ts";
import { priority } from "./priority.ts";
import { roundRobin } from "./round-robin.ts";
import { createSticky } from "./sticky.ts";
import type { Strategy } from "./strategy.ts";

export interface StrategyParts {
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly priceOf: PriceOf;
}

/** How far an owner may be left, unless the operator says. */
const LOAD_FACTOR = 1.25;

const MAKERS: Readonly<Record<ModelOptions["strategy"], (parts: StrategyParts, options: ModelOptions) => Strategy>> = {
  round_robin: () => roundRobin,
  priority: () => priority,
  least_busy: ({ random }) => createLeastBusy(random),
  fastest: ({ random }) => createFastest(random),
  cheapest: ({ priceOf }) => createCheapest(priceOf),
  sticky: (_, { sticky }) => createSticky(sticky?.loadFactor ?? LOAD_FACTOR),
};

/** The strategy that the operator has chosen for a model. */
export const createStrategy = (options: ModelOptions, parts: StrategyParts): Strategy =>
  MAKERS[options.strategy](parts, options);
