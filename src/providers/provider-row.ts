import type { ApiPaths, ProviderApiName } from "./api-paths.ts";
import type { CredentialSettings } from "./credentials/credential.ts";
import type { ModelFamily } from "./model-family.ts";

/**
 * How a provider's credential travels.
 * `bearer`: `Authorization: Bearer <key>`; `x-header`: the key alone in a header of the provider's own; `none`: no key.
 */
export const AUTH_TYPES = ["bearer", "x-header", "none"] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** The shapes in which providers list their models; `openai` is `{data: [{id, created, owned_by}]}`. */
export type ListingShape =
  "openai" | "anthropic" | "cohere" | "cloudflare" | "databricks" | "google" | "bedrock" | "vertex";

/** A part of a base URL that a setting fills in. */
export interface UrlParameter {
  /** As it is in the URL: `{ACCOUNT_ID}`. */
  readonly placeholder: string;
  readonly variable: string;
  /** What it is, in a word or two. */
  readonly what: string;
  /** It is a host, with or without `https://` before it, and not one name. */
  readonly isHost?: true;
}

/** What is different of a provider if a dated version of its API is asked for. */
export interface DatedVersion {
  /** The setting that names the version. Any value becomes a query parameter of every request. */
  readonly variable: string;
  readonly parameter: string;
  /** What it is of the provider, in a few words. */
  readonly what: string;
  /** The default base URL, and the paths below it. */
  readonly url: string;
  readonly paths: ApiPaths;
}

/** Another base of a provider, beside that of its base URL, with a credential of its own kind. */
export interface BaseRow {
  /** Below the provider's root; empty for the root itself. */
  readonly path: string;
  /** Header that carries the key below this base; absent if it is that of the provider. */
  readonly authHeader?: string;
  /** Headers that every request below this base needs, unless the client sent its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Below this base. */
  readonly paths: ApiPaths;
}

/** One row of the provider table: everything that makes this provider differ from a plain OpenAI-compatible server. */
export interface ProviderRow {
  /** Default base URL, without a trailing slash. */
  readonly url: string;
  /** Parts of the base URL to be filled in from settings. */
  readonly urlParameters?: readonly UrlParameter[];
  /**
   * Paths of a base URL for which that of `url` is put in, because operators know the address by them; blank for an
   * address without any.
   */
  readonly completedPaths?: readonly string[];
  readonly dated?: DatedVersion;
  /**
   * How much of the base URL's path is below the provider's root, which is the most that `/proxy` reaches; absent if it
   * is the whole path of `url`.
   */
  readonly basePath?: string;
  readonly auth: AuthType;
  /** Header that carries the key if `auth` is `x-header`. */
  readonly authHeader?: string;
  /**
   * What authorizes requests if there is no key: the credentials of a cloud, in whose terms the base URL is filled in
   * (`REGION`, `PROJECT`, `LOCATION`).
   */
  readonly credential?: CredentialSettings["kind"];
  /** What is before the key there, such as `Bearer `; absent if the key is alone. */
  readonly authPrefix?: string;
  /** The key may be left out; without one no credential is sent. */
  readonly keyOptional?: true;
  /** Which server it is, if that is one that says of each model what it was started with. */
  readonly runs?: "llamacpp" | "ollama";
  /** It runs on this machine if anywhere, and is asked for its models although no setting names it. */
  readonly probed?: true;
  /** Headers that every request to this provider needs, unless the client sent its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Headers of its own that it reads or sends, by its documentation, for `/proxy` to pass in both directions: a
   * `HeaderList`. No credentials, and no family that an edge uses too: `x-goog-` and `x-ms-` would let through what
   * Google's and Azure's proxies say of the caller.
   */
  readonly relayedHeaders?: readonly string[];
  readonly listing: ListingShape;
  /** Where its models are listed, if not at the path of {@link paths}: all of these lists together. */
  readonly lists?: {
    /** What the paths are below. @param baseUrl that of the provider */
    readonly base: (baseUrl: string) => string;
    readonly paths: readonly string[];
  };
  /** Paths below the base URL; an absent one is an API that the provider does not have there. `models` is there or below. */
  readonly paths: ApiPaths;
  /** Further bases below the provider's root. */
  readonly bases?: readonly BaseRow[];
  /**
   * With what paths begin that `/proxy` finds below the provider's root instead of its base URL, one or more segments
   * each, beside the paths of {@link bases}.
   */
  readonly rootPaths?: readonly string[];
  /** `/proxy` passes encoded slashes, which this provider has in its names, such as ARNs. */
  readonly encodedSlashes?: true;
  /**
   * The APIs in which it is asked what clients ask in another one, the best one first; absent for all that it has, the
   * one first that can say most.
   */
  readonly wires?: readonly ProviderApiName[];
  /** What holds for some of its models only; the first one that fits counts. */
  readonly families?: readonly ModelFamily[];
  /** The provider refuses `stream_options`, so it is taken out of what is sent. */
  readonly refusesStreamOptions?: true;
  /**
   * Parts of a model's name, in lower case, that this provider assumes if they are missing: with and without them it
   * is the same model. Read by the model policy only; what is sent keeps them.
   */
  readonly impliedNameParts?: readonly RegExp[];
  /**
   * What is before a model's name for the places that serve it, in lower case: a list that denies the model holds for
   * all of them, and one that allows it for that name only, because data may go elsewhere.
   */
  readonly placeOfModel?: RegExp;
  /** Top-level members of this provider's own APIs that name a model, beside those whose name says so. */
  readonly modelMembers?: ReadonlySet<string>;
}
