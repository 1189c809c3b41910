import type { Provider } from "../providers/provider.ts";
import type { ParamOptions } from "./models/model-options.ts";

/** Who is to answer, and for which model in the provider's own words. */
export interface Target {
  readonly provider: Provider;
  readonly model: string;
  /** What the operator has it sent beside what the client said. */
  readonly params?: ParamOptions | undefined;
}
