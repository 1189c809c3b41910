import type { TSchema } from "@sinclair/typebox";
import type { FailureCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json/parse.ts";
import type { TokenUsage } from "../core/request-context.ts";
import type { ErrorEnvelope } from "./error-body.ts";
import type { CheckRequest } from "./schema/check.ts";
import type { ReadImage } from "./images.ts";
import type { JudgeContent } from "./first-content.ts";
import type { StreamWatch } from "./stream-watch.ts";

/** The APIs of a provider that a format may need, as named in the provider table. */
export type ApiName =
  "chat" | "completions" | "embeddings" | "messages" | "countTokens" | "responses" | "generate" | "countGenerateTokens";

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
  /** It only counts the tokens of requests of another format. */
  readonly counts?: {
    readonly api: Extract<ApiName, "messages" | "responses" | "generate">;
    /** The request that is counted, in that format; absent if it is the body itself. */
    readonly request?: (body: JsonObject) => JsonObject;
    /** How an answer says the number. */
    readonly write: (tokens: number) => JsonObject;
  };
  /** Its requests say in their path, and not in their body, which model they are for and whether they want a stream. */
  readonly inPath?: InPath;
  /** The failure if the chosen provider has no such API. */
  readonly notSupported: FailureCode;
  /** What is wrong with the members of a request's body that the gateway itself reads, if anything is. */
  readonly checkRequired: CheckRequest;
  /** Loads what says what is wrong with a request's body by its schema, if anything is: only for `VALIDATION=strict`. */
  readonly loadCheck: () => Promise<CheckRequest>;
  /** The member that holds the conversation, and how images are recognised in it; absent if there are none. */
  readonly images?: {
    readonly member: "messages" | "input" | "contents";
    readonly read: ReadImage;
    /** Further parts that reach the model, with the path at which they are. */
    readonly elsewhere?: (request: JsonObject) => { readonly parts: readonly unknown[]; readonly path: string };
  };
  /** How a conversation is rid of the seals of other providers' APIs; absent if as in `form/remove-seals.ts`. */
  readonly seals?: {
    /** A body without these bytes has none. */
    readonly sign: Buffer;
    readonly remove: (turns: readonly unknown[]) => readonly unknown[] | undefined;
  };
  /** Whether `stream_options` is this format's way to ask for usage in a stream. */
  readonly hasStreamOptions: boolean;
  /** The usage of a stream comes in parts, the first of them at its beginning. */
  readonly usageAtStart: boolean;
  /** How errors are reported, whatever `ERROR_FORMAT` says; absent if its clients read what that setting chooses. */
  readonly errors?: ErrorEnvelope;
  /** Where its clients look for the id of a request, beside `X-Request-Id`; a provider's own goes there first. */
  readonly requestIdHeader?: string;
  /** Watches over one stream; a new one for each stream that has a state. */
  readonly watchStream: () => StreamWatch;
  /** Tells the first event of a stream that holds content; absent if every one does. */
  readonly contentOf?: JudgeContent;
  /** How its streams are one JSON array, whose elements come one by one; absent if they are always events. */
  readonly array?: ArrayStreams;
  /** Finds the usage in the last bytes of an answer; absent if it is where OpenAI and Anthropic have it. */
  readonly readUsage?: (bytes: Uint8Array) => TokenUsage | undefined;
  /** What a client whose stream is silent for long is sent between two events. */
  readonly keepAlive: string;
  /** The same before the first event; absent if it is an empty comment. */
  readonly opening?: string;
  /** Loads what the OpenAPI document says of it: only there, because most gateways never show theirs. */
  readonly documentation: () => Promise<FormatDocumentation>;
}

/** What a path says of a request. */
export interface InPath {
  /** How it looks; the only group is the model, percent-encoded. */
  readonly model: RegExp;
  readonly streams: boolean;
  /** Members that hold a whole request, which names the model again. */
  readonly requests?: readonly string[];
}

export interface ArrayStreams {
  /** @param query of the request for a stream, with its `?`, or nothing */
  isAsked(query: string): boolean;
  readonly watch: () => StreamWatch;
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
  /** The model of the path in the document, if requests name it there. */
  readonly exampleModel?: string;
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

/** The checks of whole requests by their schemas. */
export type StrictChecks = ReadonlyMap<Format, CheckRequest>;

/** Loads the schemas of formats, with the library for them: 120 modules, which only `VALIDATION=strict` needs. */
export async function loadStrictChecks(formats: readonly Format[]): Promise<StrictChecks> {
  return new Map(await Promise.all(formats.map(async (format) => [format, await format.loadCheck()] as const)));
}
