import type { ClientAsk, ClientDialect, WireDialect, WireTarget } from "../../../formats/form/dialect.ts";
import type { Format } from "../../../formats/format.ts";
import type { Attempts } from "../../../pipeline/attempts.ts";
import type { Provider } from "../../../providers/provider.ts";

/** A request that runs on the form: who asks, who is asked, and how each of them speaks. */
export interface OpenedForm {
  readonly attempts: Attempts;
  readonly format: Format;
  readonly provider: Provider;
  readonly client: ClientDialect;
  readonly wire: WireDialect;
  readonly target: WireTarget;
  readonly ask: ClientAsk;
  /** The provider has the client's own API. */
  readonly isNative: boolean;
}
