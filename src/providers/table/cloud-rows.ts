import { CONVERSE } from "../api-paths.ts";
import type { ModelFamily } from "../model-family.ts";
import type { ProviderRow } from "../provider-row.ts";

/*
 * The providers that are clouds: each has models of many makers at one address, asked in different APIs.
 */

/**
 * Converse takes nearly all, the APIs of OpenAI only some. A name may be an ARN, or begin with the part of the world that
 * answers (`us.`). https://docs.aws.amazon.com/bedrock/latest/userguide/models-endpoint-availability.html
 */
const BEDROCK_FAMILIES: readonly ModelFamily[] = [
  { models: /(?:^|[./])openai\.gpt-oss/, apis: ["chat", "converse"] },
  { models: /(?:^|[./])openai\./, apis: ["chat", "responses"] },
  { models: /^/, apis: ["converse"] },
];

/**
 * What answers requests is another host than what lists models, and of most models only a profile can be asked.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
 */
const bedrockLists: NonNullable<ProviderRow["lists"]> = {
  base: (baseUrl) => baseUrl.replace(/^(https:\/\/)bedrock-runtime(?=[.-])/, "$1bedrock"),
  paths: ["/foundation-models?byInferenceType=ON_DEMAND", "/inference-profiles?maxResults=1000"],
};

/** Bedrock takes the id of a model or its ARN. https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html */
export const BEDROCK_ARN = /^arn:aws[a-z-]*:bedrock:[^/]*:(?:foundation-model|inference-profile)\//;

/** Inference profiles of AWS's own: `us.anthropic.claude-…` is the model in any region of the place. */
const BEDROCK_PLACE = /^(?:[a-z]{2}|us-gov|apac|global)\./;

export const BEDROCK_ROW = {
  url: "https://bedrock-runtime.REGION.amazonaws.com",
  auth: "bearer",
  credential: "aws",
  relayedHeaders: ["x-amzn-bedrock-", "x-amzn-requestid"],
  listing: "bedrock",
  lists: bedrockLists,
  paths: {
    models: "/foundation-models",
    chat: "/openai/v1/chat/completions",
    responses: "/openai/v1/responses",
    ...CONVERSE,
  },
  families: BEDROCK_FAMILIES,
  encodedSlashes: true,
  impliedNameParts: [BEDROCK_ARN],
  placeOfModel: BEDROCK_PLACE,
} as const satisfies ProviderRow;

/** As the clients of Anthropic's own SDK ask for it. https://docs.anthropic.com/en/api/claude-on-vertex-ai */
const VERTEX_ANTHROPIC = { anthropic_version: "vertex-2023-10-16" };

const WITHOUT_ANTHROPIC = [/^anthropic\//, ""] as const;

/** Below project and location. https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference */
const VERTEX_PATHS = {
  models: "/publishers/google/models",
  chat: "/endpoints/openapi/chat/completions",
  messages: "/publishers/anthropic/models/{model}:{rawPredict|streamRawPredict}",
  countTokens: "/publishers/anthropic/models/count-tokens:rawPredict",
  generate: "/publishers/google/models/{model}:{generateContent|streamGenerateContent?alt=sse}",
} as const;

const VERTEX_FAMILIES: readonly ModelFamily[] = [
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
const vertexLists: NonNullable<ProviderRow["lists"]> = {
  base: (baseUrl) => new URL(baseUrl).origin,
  paths: ["google", "anthropic"].map((publisher) => `/v1beta1/publishers/${publisher}/models?pageSize=200`),
};

export const VERTEX_ROW = {
  url: "https://LOCATION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/LOCATION",
  // The key may be good for much more of the project than its models.
  basePath: "",
  auth: "x-header",
  authHeader: "x-goog-api-key",
  credential: "google",
  relayedHeaders: ["anthropic-", "x-gemini-", "x-goog-api-client", "x-goog-fieldmask", "x-goog-request-params"],
  listing: "vertex",
  lists: vertexLists,
  paths: VERTEX_PATHS,
  families: VERTEX_FAMILIES,
  impliedNameParts: [/^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\//, /^(?:google|anthropic)\//],
} as const satisfies ProviderRow;
