import type { PriceCall } from "../../core/request-register.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Deployment } from "../models/deployment.ts";
import type { PriceBook } from "./price-book.ts";
import { costOf, type Tariff, toTariff } from "./rates.ts";

/**
 * Makes what says what calls of models cost: by the price of the deployment that was asked, if the operator gave it one,
 * else by that of its provider's model.
 */
export function createPriceCalls(
  book: PriceBook,
  providers: readonly Provider[],
  deployments: readonly Deployment[],
): PriceCall {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const own = new WeakMap<object, Tariff>();
  for (const deployment of deployments) if (deployment.price) own.set(deployment, toTariff(deployment.price));

  return ({ deployment, provider: id, model }, usage) => {
    const ofDeployment = deployment && own.get(deployment);
    if (ofDeployment) return costOf(ofDeployment, usage);
    const provider = id === undefined ? undefined : byId.get(id);
    if (!provider || model === undefined) return null;
    const known = book.find(provider, model);
    return known ? costOf(known.tariff, usage) : null;
  };
}
