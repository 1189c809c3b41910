import type { ModelFamily } from "./model-family.ts";
import type { ProviderRow } from "./provider-row.ts";

/*
 * What clouds have of many makers at one address: in which APIs each maker's models are asked, and where all are listed.
 */

/**
 * Converse takes nearly all, the APIs of OpenAI only some. A name may be an ARN, or begin with the part of the world that
 * answers (`us.`). https://docs.aws.amazon.com/bedrock/latest/userguide/models-endpoint-availability.html
 */
export const BEDROCK_FAMILIES: readonly ModelFamily[] = [
  { models: /(?:^|[./])openai\.gpt-oss/, apis: ["chat", "converse"] },
  { models: /(?:^|[./])openai\./, apis: ["chat", "responses"] },
  { models: /^/, apis: ["converse"] },
];

/**
 * What answers requests is another host than what lists models, and of most models only a profile can be asked.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 */
export const bedrockLists: NonNullable<ProviderRow["lists"]> = {
  base: (baseUrl) => baseUrl.replace(/^(https:\/\/)bedrock-runtime(?=[.-])/, "$1bedrock"),
  paths: ["/foundation-models?byInferenceType=ON_DEMAND", "/inference-profiles?maxResults=1000"],
};

/** As the clients of Anthropic's own SDK ask for it. https://docs.anthropic.com/en/api/claude-on-vertex-ai */
const VERTEX_ANTHROPIC = { anthropic_version: "vertex-2023-10-16" };

const WITHOUT_ANTHROPIC = [/^anthropic\//, ""] as const;

/** Below project and location. https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference */
export const VERTEX_PATHS = {
  models: "/publishers/google/models",
  chat: "/endpoints/openapi/chat/completions",
  messages: "/publishers/anthropic/models/{model}:{rawPredict|streamRawPredict}",
  countTokens: "/publishers/anthropic/models/count-tokens:rawPredict",
  generate: "/publishers/google/models/{model}:{generateContent|streamGenerateContent?alt=sse}",
} as const;

export const VERTEX_FAMILIES: readonly ModelFamily[] = [
  {
    models: /^(?:anthropic\/)?claude/,
    apis: ["messages", "countTokens"],
    names: { messages: WITHOUT_ANTHROPIC, countTokens: WITHOUT_ANTHROPIC },
    bodies: {
      messages: { isWithoutModel: true, added: VERTEX_ANTHROPIC },
      countTokens: { isWithoutModel: false, added: VERTEX_ANTHROPIC },
    },
  },
  {
    models: /^(?:google\/)?[^/]+$/,
    apis: ["chat", "generate"],
    names: { chat: [/^(?!google\/)/, "google/"], generate: [/^google\//, ""] },
  },
  // Those of other makers, which Vertex AI names `maker/model`.
  { models: /^/, apis: ["chat"] },
];

/** https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/publishers.models/list */
export const vertexLists: NonNullable<ProviderRow["lists"]> = {
  base: (baseUrl) => new URL(baseUrl).origin,
  paths: ["google", "anthropic"].map((publisher) => `/v1beta1/publishers/${publisher}/models?pageSize=200`),
};
