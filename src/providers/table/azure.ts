import { COMPLETIONS, OPENAI_PATHS, RESPONSES } from "../api-paths.ts";
import type { ProviderRow } from "../provider-row.ts";

const below = (api: string): string => `/deployments/{model}${api}`;

/**
 * Azure OpenAI, and other models of Foundry: models are named by their deployments. Without a version, or with one that
 * is no date (`preview`), it is the v1 API.
 * https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle,
 * https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference
 */
export const AZURE_ROW = {
  url: "https://{RESOURCE}.openai.azure.com/openai/v1",
  urlParameters: [{ placeholder: "{RESOURCE}", variable: "AZURE_RESOURCE", what: "Name of the resource" }],
  // The portal shows the address without a path, older clients ask for that of all their APIs.
  completedPaths: ["", "/openai", "/openai/v1"],
  dated: {
    variable: "AZURE_API_VERSION",
    parameter: "api-version",
    what: "the older API of deployments",
    url: "https://{RESOURCE}.openai.azure.com/openai",
    paths: {
      models: OPENAI_PATHS.models,
      chat: below(OPENAI_PATHS.chat),
      completions: below(COMPLETIONS.completions),
      embeddings: below(OPENAI_PATHS.embeddings),
    },
  },
  auth: "x-header",
  authHeader: "api-key",
  credential: "entra",
  relayedHeaders: ["apim-request-id", "openai-"],
  listing: "openai",
  paths: { ...OPENAI_PATHS, ...RESPONSES },
} as const satisfies ProviderRow;
