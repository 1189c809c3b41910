import type { AuthType, ListingShape, ProviderRow } from "./table.ts";

/** One provider as this process will call it: its table row joined with the operator's settings. Frozen at start. */
export interface Provider {
  /** Lower-case id, as it is before the `/` of a model name. */
  readonly id: string;
  /** What its connections are kept under; by this and the four members below it is an `Endpoint` of upstream/. */
  readonly endpointKey: string;
  /** Absolute http(s) URL without a trailing slash, query or credentials. */
  readonly baseUrl: string;
  /** Path of the unix socket to connect to instead of the host in `baseUrl`. */
  readonly unixSocket: string | undefined;
  /** Calls go over HTTP/2, and over nothing else; `baseUrl` is https then. */
  readonly http2: boolean;
  /** What carries the calls; `auto`: the gateway's own sockets if they can, else the runtime's `fetch`. */
  readonly transport: "auto" | "socket" | "fetch";
  readonly auth: AuthType;
  /** Lower-case name of the header that carries the key if `auth` is `x-header`. */
  readonly authHeader: string;
  /** The credential; never logged, never sent anywhere but to `baseUrl`. */
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that `/proxy` passes in both directions for this provider, beside those for every one: a `HeaderList`. */
  readonly relayedHeaders: readonly string[];
  /** Further request headers that the operator wants this provider to see, on every route; names in lower case. */
  readonly extraRequestHeaders: readonly string[];
  readonly listing: ListingShape;
  readonly paths: ProviderRow["paths"];
  readonly refusesStreamOptions: boolean;
  /** See {@link ProviderRow.impliedNameParts}. */
  readonly impliedNameParts?: ProviderRow["impliedNameParts"];
  /** See {@link ProviderRow.modelMembers}. */
  readonly modelMembers?: ProviderRow["modelMembers"];
  /** False if a key is required and none is set: calls are refused before anything is sent. */
  readonly callable: boolean;
  /** The variables to be set before it is callable. */
  readonly missingVariables?: readonly string[];
  /** True if the operator named this provider by a key or a URL; others are local ones that may or may not answer. */
  readonly configured: boolean;
}
