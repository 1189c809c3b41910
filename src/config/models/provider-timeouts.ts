import { joinTimeouts } from "../../core/timeouts.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Config } from "../load-config.ts";
import type { LoadedModels } from "./loaded-models.ts";

type Providers = Pick<Config, "providers" | "keyedProviders">;

/**
 * Gives providers the timeouts that a file says for them. What is one object stays one: a provider in the list is the one
 * with the first of its keys.
 */
export function withTimeouts(
  { providers, keyedProviders }: Providers,
  { providerRoutings }: Pick<LoadedModels, "providerRoutings">,
): Providers {
  const rules = new Map(
    providerRoutings.map(({ id, timeouts }) => [id, joinTimeouts([{ of: `provider ${id}`, timeouts }])]),
  );
  const known = new Map<Provider, Provider>();
  const timed = (provider: Provider): Provider => {
    const timeouts = rules.get(provider.id);
    if (!timeouts) return provider;
    let made = known.get(provider);
    if (!made) known.set(provider, (made = Object.freeze({ ...provider, timeouts })));
    return made;
  };
  return {
    providers: Object.freeze(providers.map(timed)),
    keyedProviders: new Map([...keyedProviders].map(([id, keyed]) => [id, Object.freeze(keyed.map(timed))])),
  };
}
