/**
 * How a provider's credential travels.
 * `bearer`: `Authorization: Bearer <key>`; `x-header`: the key alone in a header of the provider's own; `none`: no key.
 */
export const AUTH_TYPES = ["bearer", "x-header", "none"] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** The shapes in which providers list their models; `openai` is `{data: [{id, created, owned_by}]}`. */
export type ListingShape = "openai" | "anthropic" | "cohere" | "cloudflare" | "google";

/** One row of the provider table: everything that makes this provider differ from a plain OpenAI-compatible server. */
export interface ProviderRow {
  /** Default base URL, without a trailing slash. */
  readonly url: string;
  /** Part of the base URL to be filled in from a setting, as `[placeholder, variable]`. */
  readonly urlParameter?: readonly [placeholder: string, variable: string];
  readonly auth: AuthType;
  /** Header that carries the key if `auth` is `x-header`. */
  readonly authHeader?: string;
  /** The key may be left out; without one no credential is sent. */
  readonly keyOptional?: true;
  /** Headers that every request to this provider needs, unless the client sent its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Headers of its own that it reads or sends, by its documentation, for `/proxy` to pass in both directions: a
   * `HeaderList`. No credentials, and no family that an edge uses too: `x-goog-` and `x-ms-` would let through what
   * Google's and Azure's proxies say of the caller.
   */
  readonly relayedHeaders?: readonly string[];
  readonly listing: ListingShape;
  /** Paths below the base URL; an absent one is an API that the provider does not have. */
  readonly paths: {
    readonly models: string;
    readonly chat: string;
    readonly embeddings?: string;
    readonly messages?: string;
    readonly countTokens?: string;
    readonly responses?: string;
  };
  /** The provider refuses `stream_options`, so it is taken out of what is sent. */
  readonly refusesStreamOptions?: true;
  /**
   * Parts of a model's name, in lower case, that this provider assumes if they are missing: with and without them it
   * is the same model. Read by the model policy only; what is sent keeps them.
   */
  readonly impliedNameParts?: readonly RegExp[];
  /** Top-level members of this provider's own APIs that name a model, beside those whose name says so. */
  readonly modelMembers?: ReadonlySet<string>;
}

/**
 * `[scheme://][host/][namespace/]model[:tag]`, where host is registry.ollama.ai, namespace is library and tag is latest
 * unless given. https://github.com/ollama/ollama/blob/main/types/model/name.go
 */
const OLLAMA_NAMES = {
  impliedNameParts: [/^https?:\/\//, /^registry\.ollama\.ai\//, /^library\/(?=[^/]+$)/, /:latest$/],
  // https://github.com/ollama/ollama/blob/main/docs/api.md: create, copy, show and the older spelling of pull and delete.
  modelMembers: new Set(["name", "from", "source", "destination"]),
} as const satisfies Partial<ProviderRow>;

/** Google's APIs name every resource with its collection: `models/gemini-2.5-pro`. */
const MODELS_COLLECTION = /^models\//;

const OPENAI_PATHS = { models: "/models", chat: "/chat/completions", embeddings: "/embeddings" } as const;

/**
 * Every built-in provider, in the order in which their models are listed.
 * A provider is one row here, plus a reader in `model-list-readers.ts` if it does not list models the OpenAI way.
 */
export const PROVIDER_TABLE = {
  openai: {
    url: "https://api.openai.com/v1",
    auth: "bearer",
    relayedHeaders: ["openai-", "x-client-request-id"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, responses: "/responses" },
  },
  anthropic: {
    url: "https://api.anthropic.com/v1",
    auth: "x-header",
    authHeader: "x-api-key",
    headers: { "anthropic-version": "2023-06-01" },
    relayedHeaders: ["anthropic-"],
    listing: "anthropic",
    paths: {
      models: "/models?limit=1000",
      chat: "/chat/completions",
      messages: "/messages",
      countTokens: "/messages/count_tokens",
    },
  },
  cohere: {
    url: "https://api.cohere.ai",
    auth: "bearer",
    relayedHeaders: ["x-client-name", "x-debug-trace-id", "x-endpoint-monthly-call-limit", "x-trial-endpoint-call-"],
    listing: "cohere",
    paths: {
      models: "/v1/models?page_size=1000",
      chat: "/compatibility/v1/chat/completions",
      embeddings: "/compatibility/v1/embeddings",
    },
    refusesStreamOptions: true,
  },
  groq: {
    url: "https://api.groq.com/openai/v1",
    auth: "bearer",
    relayedHeaders: ["groq-", "x-groq-"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  cloudflare: {
    url: "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT_ID}/ai",
    urlParameter: ["{ACCOUNT_ID}", "CLOUDFLARE_ACCOUNT_ID"],
    auth: "bearer",
    relayedHeaders: ["cf-aig-", "cf-aig-cache-key", "x-session-affinity"],
    listing: "cloudflare",
    paths: {
      models: "/models/search?per_page=1000",
      chat: "/v1/chat/completions",
      embeddings: "/v1/embeddings",
    },
  },
  ollama: {
    url: "http://localhost:11434/v1",
    auth: "none",
    listing: "openai",
    paths: OPENAI_PATHS,
    ...OLLAMA_NAMES,
  },
  deepseek: {
    url: "https://api.deepseek.com",
    auth: "bearer",
    relayedHeaders: ["x-ds-trace-id"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  mistral: {
    url: "https://api.mistral.ai/v1",
    auth: "bearer",
    relayedHeaders: ["mistral-"],
    listing: "openai",
    paths: OPENAI_PATHS,
    refusesStreamOptions: true,
  },
  moonshot: {
    url: "https://api.moonshot.ai/v1",
    auth: "bearer",
    relayedHeaders: ["msh-", "x-msh-"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  google: {
    url: "https://generativelanguage.googleapis.com/v1beta/openai",
    auth: "bearer",
    relayedHeaders: [
      "x-gemini-",
      "x-goog-api-client",
      "x-goog-fieldmask",
      "x-goog-request-params",
      "x-goog-upload-",
      "x-server-timeout",
    ],
    listing: "google",
    paths: OPENAI_PATHS,
    // Resource names: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
    impliedNameParts: [/^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\//, MODELS_COLLECTION],
  },
  nvidia: {
    url: "https://integrate.api.nvidia.com/v1",
    auth: "bearer",
    relayedHeaders: ["nvcf-"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  minimax: {
    url: "https://api.minimax.io/v1",
    auth: "bearer",
    relayedHeaders: ["minimax-", "trace-id"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  zai: {
    url: "https://api.z.ai/api/paas/v4",
    auth: "bearer",
    relayedHeaders: ["x-log-id"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  ollama_cloud: {
    url: "https://ollama.com/v1",
    auth: "bearer",
    listing: "openai",
    paths: OPENAI_PATHS,
    ...OLLAMA_NAMES,
  },
  llamacpp: {
    url: "http://localhost:8081/v1",
    auth: "bearer",
    keyOptional: true,
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  vllm: {
    url: "http://localhost:8000/v1",
    auth: "bearer",
    keyOptional: true,
    relayedHeaders: ["x-data-parallel-rank"],
    listing: "openai",
    paths: OPENAI_PATHS,
  },
} as const satisfies Record<string, ProviderRow>;

export type BuiltInProviderId = keyof typeof PROVIDER_TABLE;

/** The row of a server that is known only by its settings (`CUSTOM_PROVIDERS`) and speaks OpenAI's API. */
export const CUSTOM_PROVIDER_ROW = {
  url: "",
  auth: "bearer",
  keyOptional: true,
  listing: "openai",
  paths: OPENAI_PATHS,
  // Whose server it is nobody knows; many are Ollama's.
  impliedNameParts: [...OLLAMA_NAMES.impliedNameParts, MODELS_COLLECTION],
} as const satisfies ProviderRow;
