import type { TSchema } from "@sinclair/typebox";
import type { FailureCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json/parse.ts";
import type { ErrorEnvelope } from "./error-body.ts";
import type { CheckRequest } from "./schema/check.ts";
import type { ReadImage } from "./images.ts";
import type { StreamWatch } from "./stream-watch.ts";

/** The APIs of a provider that a format may need, as named in the provider table. */
export type ApiName = "chat" | "completions" | "embeddings" | "messages" | "countTokens" | "responses";

/**
 * One API format: everything that is particular to the requests, answers and errors of one client API, and all that the
 * rest of the gateway knows of it. A format is one directory, which holds its schemas as well, and knows no other.
 */
export interface Format {
  /** Names the format, and the provider's API that answers it. */
  readonly api: ApiName;
  /** Below the path of the provider's API, such as `/compact`; absent for the API itself. */
  readonly subpath?: string;
  /**
   * Its requests are for what the provider keeps under an id: they have no body and name no model. How their path looks;
   * the only group is what goes below the path of the provider's API.
   */
  readonly stored?: RegExp;
  /** It only counts the tokens of requests of another format: which one, and how an answer says the number. */
  readonly counts?: {
    readonly api: Extract<ApiName, "messages" | "responses">;
    readonly write: (tokens: number) => JsonObject;
  };
  /** The failure if the chosen provider has no such API. */
  readonly notSupported: FailureCode;
  /** What is wrong with the members of a request's body that the gateway itself reads, if anything is. */
  readonly checkRequired: CheckRequest;
  /** What is wrong with a request's body by its schema, if anything is: for `VALIDATION=strict`. */
  readonly check: CheckRequest;
  /** The member that holds the conversation, and how images are recognised in it; absent if there are none. */
  readonly images?: {
    readonly member: "messages" | "input";
    readonly read: ReadImage;
    /** Further parts that reach the model, with the path at which they are. */
    readonly elsewhere?: (request: JsonObject) => { readonly parts: readonly unknown[]; readonly path: string };
  };
  /** Whether `stream_options` is this format's way to ask for usage in a stream. */
  readonly hasStreamOptions: boolean;
  /** The usage of a stream comes in parts, the first of them at its beginning. */
  readonly usageAtStart: boolean;
  /** How errors are reported, whatever `ERROR_FORMAT` says; absent if its clients read what that setting chooses. */
  readonly errors?: ErrorEnvelope;
  /** Watches over one stream; a new one for each stream that has a state. */
  readonly watchStream: () => StreamWatch;
  /** What a client whose stream is silent for long is sent between two events. */
  readonly keepAlive: string;
  /** Loads what the OpenAPI document says of it: only there, because most gateways never show theirs. */
  readonly documentation: () => Promise<FormatDocumentation>;
}

/** A heading of the OpenAPI document. */
export interface DocumentationTag {
  readonly name: string;
  readonly description: string;
}

/** What the OpenAPI document says of a format. Its paths, methods, rights and errors are those of its route. */
export interface FormatDocumentation {
  readonly operationId: string;
  readonly tag: DocumentationTag;
  readonly summary: string;
  readonly description?: string;
  /** What `{name}` in its path is, by that name; absent if there is none. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  /** Further parameters of the query, by their names. */
  readonly queryParameters?: Readonly<Record<string, string>>;
  /** A request that works, for the page to offer; absent if requests have no body. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** The schemas of the format, by the names that the document gives them. */
  readonly schemas: Readonly<Record<string, TSchema>>;
  /** The one of them that a request is checked against; absent if requests have no body. */
  readonly request?: TSchema;
  /** The one of an answer that is no stream; absent if the provider's own goes to the client, whatever it is. */
  readonly response?: TSchema;
  /** Whether a request may ask for a stream of events. */
  readonly streams: boolean;
}
