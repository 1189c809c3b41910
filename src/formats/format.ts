import type { Failure, FailureCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json/parse.ts";
import type { CheckRequest } from "./schema/check.ts";
import type { ReadImage } from "./images.ts";

/** The APIs of a provider that a dialect may need, as named in the provider table. */
export type ApiName = "chat" | "embeddings" | "messages" | "countTokens" | "responses";

/** One client API: how its requests are checked, and how its errors are said. */
export interface Format {
  /** The provider's API that answers it. */
  readonly api: ApiName;
  /** The failure where the chosen provider has no such API. */
  readonly notSupported: FailureCode;
  readonly check: CheckRequest;
  /** The member that holds the conversation, and how images are recognised in it; absent where there are none. */
  readonly images?: {
    readonly member: "messages" | "input";
    readonly read: ReadImage;
    /** Further parts that reach the model, with the path at which they stand. */
    readonly elsewhere?: (request: JsonObject) => { readonly parts: readonly unknown[]; readonly path: string };
  };
  /** Whether `stream_options` is this dialect's way to ask for usage in a stream. */
  readonly hasStreamOptions: boolean;
  /** Errors are always said in Anthropic's envelope, whatever `ERROR_FORMAT` says. */
  readonly anthropicErrors: boolean;
  /** The usage of a stream is told in parts, of which the first stands at its beginning. */
  readonly usageAtStart: boolean;
  /** What stands in the last event of a whole stream; clients may leave as soon as they have it. */
  readonly finalEventMarker: string;
  /** The last event of a stream that broke off, as the dialect's clients expect an error. */
  readonly errorEvent: (failure: Failure, requestId: string) => string;
}
