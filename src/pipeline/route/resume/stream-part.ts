import type { ResponseBody } from "../../../upstream/transport.ts";
import type { StreamedCall } from "../../stream-listener.ts";

/** What a stream is made of: the answer of one provider, as far as it came. */
export interface StreamPart {
  readonly provider: string;
  readonly body: ResponseBody;
  readonly call: StreamedCall;
  /** Called when something of it has come. */
  readonly onBegun: () => void;
}
