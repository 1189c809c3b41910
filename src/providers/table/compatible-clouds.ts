import { anthropicBase } from "../anthropic-base.ts";
import { COMPLETIONS, COUNT_TOKENS, MESSAGES, OPENAI_PATHS, RESPONSES } from "../api-paths.ts";
import type { ProviderRow } from "../provider-row.ts";

const CHAT = { models: OPENAI_PATHS.models, chat: OPENAI_PATHS.chat } as const;
const EMBEDDINGS = { embeddings: OPENAI_PATHS.embeddings } as const;

/** Of providers whose other APIs are for some of their models only, or not final: clients without one are translated to chat. */
const CHAT_FIRST = ["chat"] as const;

/** Hosted providers that speak OpenAI's API. A row has what the documentation named beside it says, and no more. */
export const COMPATIBLE_CLOUDS = {
  // https://openrouter.ai/docs/api-reference, https://openrouter.ai/docs/app-attribution
  openrouter: {
    url: "https://openrouter.ai/api/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "http-referer", "x-openrouter-", "x-title"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...COMPLETIONS, ...MESSAGES, ...RESPONSES },
  },
  // https://docs.x.ai/developers/rest-api-reference/inference: its Messages API is deprecated, and it has no embeddings.
  xai: {
    url: "https://api.x.ai/v1",
    auth: "bearer",
    relayedHeaders: ["x-grok-conv-id"],
    listing: "openai",
    paths: { ...CHAT, ...COMPLETIONS, ...RESPONSES },
  },
  // https://docs.together.ai/docs/inference/openai-compatibility; the list of models is a bare array.
  together: {
    url: "https://api.together.ai/v1",
    auth: "bearer",
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...COMPLETIONS },
  },
  // https://docs.fireworks.ai/tools-sdks/openai-compatibility, /tools-sdks/anthropic-compatibility, /guides/response-api
  fireworks: {
    url: "https://api.fireworks.ai/inference/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "fireworks-", "x-fireworks-", "x-session-affinity"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...COMPLETIONS, ...MESSAGES, ...RESPONSES },
  },
  // https://docs.perplexity.ai/docs/grounded-llm/openai-compatibility: Responses is for other models than chat.
  perplexity: {
    url: "https://api.perplexity.ai",
    auth: "bearer",
    listing: "openai",
    paths: {
      models: "/v1/models",
      chat: "/chat/completions",
      embeddings: "/v1/embeddings",
      responses: "/v1/responses",
    },
    wires: CHAT_FIRST,
  },
  // https://deepinfra.com/docs/openai_api, https://docs.deepinfra.com/api-reference/responses/openai-responses
  deepinfra: {
    url: "https://api.deepinfra.com/v1/openai",
    auth: "bearer",
    relayedHeaders: ["anthropic-"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...COMPLETIONS },
    bases: [anthropicBase("/anthropic"), { path: "/v1", paths: RESPONSES }],
  },
  // https://inference-docs.cerebras.ai/api-reference
  cerebras: {
    url: "https://api.cerebras.ai/v1",
    auth: "bearer",
    listing: "openai",
    paths: { ...CHAT, ...COMPLETIONS },
  },
  // https://docs.sambanova.ai/docs/en/features/openai-compatibility, /features/anthropic-compatibility
  sambanova: {
    url: "https://api.sambanova.ai/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...COMPLETIONS, ...MESSAGES, ...COUNT_TOKENS, ...RESPONSES },
  },
  // https://huggingface.co/docs/inference-providers: Responses is beta.
  huggingface: {
    url: "https://router.huggingface.co/v1",
    auth: "bearer",
    relayedHeaders: ["x-hf-bill-to"],
    listing: "openai",
    paths: { ...CHAT, ...RESPONSES },
    wires: CHAT_FIRST,
  },
  // https://docs.github.com/en/rest/models
  github: {
    url: "https://models.github.ai/inference",
    auth: "bearer",
    relayedHeaders: ["x-github-api-version", "x-github-request-id"],
    listing: "openai",
    paths: { chat: OPENAI_PATHS.chat, ...EMBEDDINGS },
    bases: [{ path: "/catalog", paths: { models: "/models" } }],
  },
  // https://docs.tokenfactory.nebius.com/api-reference/introduction
  nebius: {
    url: "https://api.tokenfactory.nebius.com/v1",
    auth: "bearer",
    listing: "openai",
    paths: OPENAI_PATHS,
  },
  // https://docs.hyperbolic.xyz
  hyperbolic: {
    url: "https://api.hyperbolic.xyz/v1",
    auth: "bearer",
    listing: "openai",
    paths: { ...CHAT, ...COMPLETIONS },
  },
  // https://www.alibabacloud.com/help/en/model-studio: /anthropic-api-messages, /compatibility-with-openai-responses-api
  alibaba: {
    url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-dashscope-"],
    listing: "openai",
    paths: OPENAI_PATHS,
    bases: [anthropicBase("/apps/anthropic"), { path: "/api/v2/apps/protocols/compatible-mode/v1", paths: RESPONSES }],
    wires: CHAT_FIRST,
  },
  // https://www.volcengine.com/docs/82379
  volcengine: {
    url: "https://ark.cn-beijing.volces.com/api/v3",
    auth: "bearer",
    relayedHeaders: ["x-client-request-id"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...RESPONSES },
    wires: CHAT_FIRST,
  },
  // https://docs.siliconflow.com/en/api-reference
  siliconflow: {
    url: "https://api.siliconflow.com/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-siliconcloud-trace-id", "x-trace-id"],
    listing: "openai",
    paths: { ...OPENAI_PATHS, ...MESSAGES },
  },
  // https://docs.baseten.co/inference/model-apis/overview: its Messages API is beta.
  baseten: {
    url: "https://inference.baseten.co/v1",
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-baseten-"],
    listing: "openai",
    paths: { ...CHAT, ...MESSAGES },
    wires: CHAT_FIRST,
  },
  // https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models; Messages is for Claude only,
  // Responses for OpenAI's models. The list: https://docs.databricks.com/api/workspace/servingendpoints/list
  databricks: {
    url: "https://{HOST}/serving-endpoints",
    urlParameters: [{ placeholder: "{HOST}", variable: "DATABRICKS_HOST", what: "Workspace", isHost: true }],
    auth: "bearer",
    relayedHeaders: ["anthropic-", "x-databricks-"],
    listing: "databricks",
    paths: { chat: OPENAI_PATHS.chat, ...EMBEDDINGS, ...COMPLETIONS, ...RESPONSES },
    bases: [
      anthropicBase("/serving-endpoints/anthropic"),
      { path: "/api/2.0", paths: { models: "/serving-endpoints" } },
    ],
    wires: CHAT_FIRST,
  },
  // https://developers.cloudflare.com/ai-gateway/usage/chat-completion, /configuration/authentication
  cloudflare_gateway: {
    url: "https://gateway.ai.cloudflare.com/v1/{ACCOUNT_ID}/{GATEWAY_ID}/compat",
    urlParameters: [
      { placeholder: "{ACCOUNT_ID}", variable: "CLOUDFLARE_ACCOUNT_ID", what: "Account" },
      { placeholder: "{GATEWAY_ID}", variable: "CLOUDFLARE_GATEWAY_ID", what: "Name of the AI Gateway" },
    ],
    // What is beside /compat are the providers behind the gateway, in their own APIs.
    basePath: "/compat",
    auth: "x-header",
    authHeader: "cf-aig-authorization",
    authPrefix: "Bearer ",
    relayedHeaders: ["cf-aig-"],
    listing: "openai",
    paths: CHAT,
  },
} as const satisfies Record<string, ProviderRow>;
