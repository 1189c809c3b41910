import type { Timeouts } from "../core/timeouts.ts";
import type { SecretPatterns } from "../core/redact/secret-patterns.ts";
import type { ProviderApiName } from "./api-paths.ts";
import type { ApiAccess } from "./api-access.ts";
import type { Credential } from "./credentials/credential.ts";
import type { AuthType, ListingShape, ProviderRow } from "./provider-row.ts";

/** One API of a provider. */
export interface ProviderApi extends ApiAccess {
  /** Absolute, with the provider's own query; `{model}` is still to be filled in if it names the model. */
  readonly url: string;
  /** The same for streams, if they are elsewhere. */
  readonly streamUrl?: string;
  /** The same without its query: for requests whose own says how their stream is framed. */
  readonly relayedStreamUrl?: string;
}

/** What is below one path of a provider's server. */
export interface ProviderBase extends ApiAccess {
  /** From the host on, without a slash at its end: blank if it is everything. */
  readonly path: string;
  /** Matches what is below the path, if it has placeholders. */
  readonly pattern?: RegExp;
}

/** One provider as this process will call it: its table row joined with the operator's settings. Frozen at start. */
export interface Provider {
  /** Lower-case id, as it is before the `/` of a model name. */
  readonly id: string;
  /** What its connections are kept under; by this, the four members below and `credential` it is an `Endpoint` of upstream/. */
  readonly endpointKey: string;
  /** Absolute http(s) URL without a trailing slash, query or credentials. */
  readonly baseUrl: string;
  /** Path of the unix socket to connect to instead of the host in `baseUrl`. */
  readonly unixSocket: string | undefined;
  /** Calls go over HTTP/2, and over nothing else; `baseUrl` is https then. */
  readonly http2: boolean;
  /** What carries the calls; `auto`: the gateway's own sockets if they can, else the runtime's `fetch`. */
  readonly transport: "auto" | "socket" | "fetch";
  /** The part of `baseUrl` that nothing leaves which is sent to this provider. */
  readonly rootUrl: string;
  /** Parameters that every request to it has, as in a URL, without the `?`; blank if there are none. They may hold a key. */
  readonly query: string;
  /** How the key travels to `baseUrl`, in short. */
  readonly auth: AuthType;
  /** Lower-case name of the header that carries the key, if one does. */
  readonly authHeader: string;
  /** The credential; never logged, never sent anywhere but to the host of `baseUrl`. */
  readonly key: string | undefined;
  /** How long calls of it may take, if that is not as for all providers; made by `joinTimeouts`. */
  readonly timeouts?: Timeouts | undefined;
  /** In place of a key: a credential that is made for each request, or renewed. */
  readonly credential?: Credential;
  /**
   * What may not be shown of what the provider says, but for what {@link secretsOf} adds: the key, and the values of the
   * operator's headers and query.
   */
  readonly secrets: readonly SecretPatterns[];
  /** Its APIs. */
  readonly apis: { readonly models: ProviderApi } & { readonly [Name in ProviderApiName]?: ProviderApi };
  /** What its paths need, the longest path first; the last one is for all of them. */
  readonly bases: readonly ProviderBase[];
  /** See {@link ProviderRow.rootPaths}; `*` is all paths. */
  readonly rootPaths: readonly string[];
  /** `/proxy` passes encoded slashes. */
  readonly encodedSlashes: boolean;
  /** Headers that `/proxy` passes in both directions for this provider, beside those for every one: a `HeaderList`. */
  readonly relayedHeaders: readonly string[];
  /** Further request headers that the operator wants this provider to see, on every route; names in lower case. */
  readonly extraRequestHeaders: readonly string[];
  /** Models for the examples of the OpenAPI document, in the provider's naming, by API; absent if none are known to work. */
  readonly exampleModels?: Readonly<Partial<Record<keyof ProviderRow["paths"], string>>>;
  readonly listing: ListingShape;
  /** Where its models are listed, if not by the API `models` alone. */
  readonly lists?: {
    readonly endpoint: ListEndpoint;
    /** Absolute, with the provider's own query. */
    readonly urls: readonly string[];
  };
  /** See {@link ProviderRow.families}. */
  readonly families?: ProviderRow["families"];
  /** See {@link ProviderRow.wires}. */
  readonly wires?: ProviderRow["wires"];
  readonly refusesStreamOptions: boolean;
  /** See {@link ProviderRow.impliedNameParts}. */
  readonly impliedNameParts?: ProviderRow["impliedNameParts"];
  /** See {@link ProviderRow.placeOfModel}. */
  readonly placeOfModel?: ProviderRow["placeOfModel"];
  /** See {@link ProviderRow.modelMembers}. */
  readonly modelMembers?: ProviderRow["modelMembers"];
  /** What the operator set of how it is asked, as `NAME=value` with nothing secret in it. */
  readonly shownSettings: readonly string[];
  /** False if a key is required and none is set: calls are refused before anything is sent. */
  readonly callable: boolean;
  /** The variables to be set before it is callable. */
  readonly missingVariables?: readonly string[];
  /** See {@link ProviderRow.probed}. */
  readonly probed?: true;
  /** True if the operator named this provider by a key or a URL; others are local ones that may or may not answer. */
  readonly configured: boolean;
}

/** What is called for lists: the provider, or another of its hosts. */
export type ListEndpoint = Pick<
  Provider,
  "id" | "endpointKey" | "baseUrl" | "unixSocket" | "http2" | "transport" | "credential"
>;

/** What may not be shown of what a provider says: its fixed secrets, and those that it has at the moment, such as tokens. */
export function secretsOf({
  secrets,
  credential,
}: Pick<Provider, "secrets" | "credential">): readonly SecretPatterns[] {
  return credential === undefined ? secrets : [...secrets, ...credential.issued.patterns];
}
