import type { Provider } from "../../providers/provider.ts";
import type { ParamOptions, PrefillOption, PriceOptions, TimeoutOptions } from "./model-options.ts";

/** One way to answer for a name: a model of a provider, asked with one of its keys. A deployment of two keys is two of these. */
export interface Deployment {
  /** What its state is kept under, whatever configuration it is in: the provider's endpoint, a hash of the key, the model. */
  readonly key: string;
  /** What people read: `openai/gpt-4o-mini`, with `#2` behind it for the second key. */
  readonly label: string;
  /** With this key. */
  readonly provider: Provider;
  /** In the provider's naming, or `*`, see `DeploymentOptions.model`. */
  readonly model: string;
  /** Above 0. The weight of a deployment of several keys is shared by them. */
  readonly weight: number;
  readonly priority: number;
  readonly params?: ParamOptions | undefined;
  /** Its own before those of its model, of its provider. */
  readonly timeouts: TimeoutOptions;
  /** What a request must enter before this is asked, in this order, from the narrowest: see limits/gate.ts. */
  readonly gates: readonly string[];
  readonly price?: PriceOptions | undefined;
  /** See `DeploymentOptions.prefill`. */
  readonly prefill?: PrefillOption | undefined;
}
