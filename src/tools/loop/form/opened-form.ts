import type { ClientAsk, ClientDialect } from "../../../formats/form/dialect.ts";
import type { Format } from "../../../formats/format.ts";
import type { Attempts } from "../../../pipeline/attempt/attempts.ts";
import type { FormSide } from "./form-side.ts";

/** A request that runs on the form: who asks, who is asked, and how each of them speaks. */
export interface OpenedForm {
  readonly attempts: Attempts;
  readonly format: Format;
  readonly client: ClientDialect;
  readonly ask: ClientAsk;
  /** Who has answered last; at first, who is asked. */
  side(): FormSide;
}
