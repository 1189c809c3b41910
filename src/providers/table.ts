import {
  type ApiPaths,
  COHERE,
  COMPLETIONS,
  COUNT_TOKENS,
  GENERATE,
  INPUT_TOKENS,
  LLAMACPP_ROOT,
  LOCAL_PATHS,
  MESSAGES,
  OLLAMA_PATHS,
  OPENAI_PATHS,
  OTHER_SERVERS_ROOT,
  RESPONSES,
  VLLM_ROOT,
} from "./api-paths.ts";
import { anthropicBase, MESSAGES_HEADERS } from "./anthropic-base.ts";
import { AZURE_ROW } from "./table/azure.ts";
import { BEDROCK_ARN, BEDROCK_ROW, VERTEX_ROW } from "./table/cloud-rows.ts";
import { COMPATIBLE_CLOUDS } from "./table/compatible-clouds.ts";
import { COMPATIBLE_SERVERS } from "./table/compatible-servers.ts";
import type { BaseRow, ProviderRow } from "./provider-row.ts";

/**
 * `[scheme://][host/][namespace/]model[:tag]`, where host is registry.ollama.ai, namespace is library and tag is latest
 * unless given. https://github.com/ollama/ollama/blob/main/types/model/name.go
 */
const OLLAMA_NAMES = {
  impliedNameParts: [/^https?:\/\//, /^registry\.ollama\.ai\//, /^library\/(?=[^/]+$)/, /:latest$/],
  // https://github.com/ollama/ollama/blob/main/docs/api.md: create, copy, show and the older spelling of pull and delete.
  modelMembers: new Set(["name", "from", "modelfile", "source", "destination"]),
} as const satisfies Partial<ProviderRow>;

/** Google's APIs name every resource with its collection: `models/gemini-2.5-pro`. */
const MODELS_COLLECTION = /^models\//;

const googleBase = (path: string, paths: ApiPaths = {}): BaseRow => ({ path, authHeader: "x-goog-api-key", paths });

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
    paths: { ...OPENAI_PATHS, ...COMPLETIONS, ...RESPONSES, ...INPUT_TOKENS },
  },
  anthropic: {
    url: "https://api.anthropic.com/v1",
    auth: "x-header",
    authHeader: "x-api-key",
    headers: MESSAGES_HEADERS,
    relayedHeaders: ["anthropic-"],
    listing: "anthropic",
    paths: {
      models: "/models?limit=1000",
      chat: "/chat/completions",
      ...MESSAGES,
      ...COUNT_TOKENS,
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
      ...COHERE,
    },
    refusesStreamOptions: true,
  },
  groq: {
    url: "https://api.groq.com/openai/v1",
    auth: "bearer",
    relayedHeaders: ["groq-", "x-groq-"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES },
  },
  cloudflare: {
    url: "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT_ID}/ai",
    urlParameters: [{ placeholder: "{ACCOUNT_ID}", variable: "CLOUDFLARE_ACCOUNT_ID", what: "Account" }],
    // The key may be good for much more of the account than its models.
    basePath: "",
    auth: "bearer",
    relayedHeaders: ["cf-aig-", "cf-aig-cache-key", "x-session-affinity"],
    listing: "cloudflare",
    paths: {
      models: "/models/search?per_page=1000",
      chat: "/v1/chat/completions",
      embeddings: "/v1/embeddings",
      responses: "/v1/responses",
    },
  },
  ollama: {
    url: "http://localhost:11434/v1",
    auth: "none",
    listing: "openai",
    paths: OLLAMA_PATHS,
    runs: "ollama",
    probed: true,
    rootPaths: ["api"],
    ...OLLAMA_NAMES,
  },
  deepseek: {
    url: "https://api.deepseek.com",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-ds-trace-id"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES, completions: "/beta/completions" },
    // https://api-docs.deepseek.com/guides/anthropic_api
    bases: [{ ...anthropicBase("/anthropic"), authHeader: "x-api-key" }],
  },
  mistral: {
    url: "https://api.mistral.ai/v1",
    auth: "bearer",
    relayedHeaders: ["mistral-"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES, completions: "/fim/completions" },
    refusesStreamOptions: true,
  },
  moonshot: {
    url: "https://api.moonshot.ai/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "msh-", "x-msh-"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES },
    bases: [anthropicBase("/anthropic")],
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
    // Google's own API: https://ai.google.dev/api
    bases: [
      googleBase("/v1beta", GENERATE),
      ...["/v1", "/v1alpha", "/upload", "/download"].map((path) => googleBase(path)),
    ],
    wires: ["chat", "generate"],
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
    relayedHeaders: ["anthropic-", "minimax-", "trace-id"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES },
    // x-api-key is refused there: https://github.com/anomalyco/models.dev/issues/1398
    bases: [anthropicBase("/anthropic")],
  },
  zai: {
    url: "https://api.z.ai/api/paas/v4",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-log-id"],
    listing: "openai",
    paths: OPENAI_PATHS,
    bases: [anthropicBase("/api/anthropic"), { path: "/api/v1", paths: RESPONSES }],
  },
  ollama_cloud: {
    url: "https://ollama.com/v1",
    auth: "bearer",
    listing: "openai",
    paths: OLLAMA_PATHS,
    runs: "ollama",
    rootPaths: ["api"],
    ...OLLAMA_NAMES,
  },
  llamacpp: {
    url: "http://localhost:8081/v1",
    auth: "bearer",
    keyOptional: true,
    probed: true,
    runs: "llamacpp",
    listing: "openai",
    paths: LOCAL_PATHS,
    rootPaths: LLAMACPP_ROOT,
  },
  vllm: {
    url: "http://localhost:8000/v1",
    auth: "bearer",
    keyOptional: true,
    probed: true,
    relayedHeaders: ["x-data-parallel-rank"],
    listing: "openai",
    paths: LOCAL_PATHS,
    rootPaths: VLLM_ROOT,
  },
  azure: AZURE_ROW,
  bedrock: BEDROCK_ROW,
  vertex: VERTEX_ROW,
  ...COMPATIBLE_CLOUDS,
  ...COMPATIBLE_SERVERS,
} as const satisfies Record<string, ProviderRow>;

const { chat: _, ...withoutChat } = OPENAI_PATHS;

/** Google, if all that it is asked goes to its own API. */
export const GOOGLE_NATIVE_ROW: ProviderRow = { ...PROVIDER_TABLE.google, paths: withoutChat, wires: ["generate"] };

export type BuiltInProviderId = keyof typeof PROVIDER_TABLE;

/** Rows whose ids operators had given to custom providers before they were built in: they may still do so. */
export const FORMERLY_CUSTOM: ReadonlySet<string> = new Set([
  ...["azure", "bedrock", "vertex"],
  ...Object.keys(COMPATIBLE_CLOUDS),
  ...Object.keys(COMPATIBLE_SERVERS),
]);

/** The row of a server that is known only by its settings (`CUSTOM_PROVIDERS`) and speaks OpenAI's API. */
export const CUSTOM_PROVIDER_ROW = {
  url: "",
  auth: "bearer",
  keyOptional: true,
  listing: "openai",
  paths: { ...OPENAI_PATHS, ...COMPLETIONS },
  rootPaths: [...LLAMACPP_ROOT, ...VLLM_ROOT, ...OTHER_SERVERS_ROOT],
  encodedSlashes: true,
  // The server is not known; many are Ollama's.
  impliedNameParts: [...OLLAMA_NAMES.impliedNameParts, MODELS_COLLECTION, BEDROCK_ARN],
  // Not `name`, which much else than a model has.
  modelMembers: new Set(["from", "modelfile", "source", "destination"]),
} as const satisfies ProviderRow;

/**
 * The row of a custom provider: at the address of a row of the table, such as that of a second account, it has the APIs
 * of that row beside those that every custom provider is taken to have.
 */
export function customRowAt(baseUrl: string): ProviderRow {
  // Any server may be at a port of this machine.
  const known = Object.values<ProviderRow>(PROVIDER_TABLE).find(
    ({ url }) => url === baseUrl && url.startsWith("https://"),
  );
  if (!known) return CUSTOM_PROVIDER_ROW;
  const { auth: _, authHeader: _name, rootPaths = [], paths, ...row } = known;
  return {
    ...row,
    ...CUSTOM_PROVIDER_ROW,
    url: known.url,
    listing: known.listing,
    paths: { ...CUSTOM_PROVIDER_ROW.paths, ...paths },
    rootPaths: [...rootPaths, ...CUSTOM_PROVIDER_ROW.rootPaths],
  };
}
