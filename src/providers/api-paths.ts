/** The APIs of a provider that the gateway has a use for, by their names in the rows. */
export const PROVIDER_APIS = [
  "models",
  "chat",
  "completions",
  "embeddings",
  "messages",
  "countTokens",
  "responses",
  "generate",
  "countGenerateTokens",
  "converse",
  "cohere",
  "inputTokens",
] as const;
export type ProviderApiName = (typeof PROVIDER_APIS)[number];

/**
 * Paths below a base, by API; an absent one is an API that is not there. In a path `{model}` is the model, and of
 * `{one|other}` the first is for whole answers and the other for streams: `/models/{model}:{generate|stream?alt=sse}`.
 */
export type ApiPaths = { readonly [Name in ProviderApiName]?: string };

export const OPENAI_PATHS = { models: "/models", chat: "/chat/completions", embeddings: "/embeddings" } as const;
export const COMPLETIONS = { completions: "/completions" } as const;
export const MESSAGES = { messages: "/messages" } as const;
export const COUNT_TOKENS = { countTokens: "/messages/count_tokens" } as const;
/** Bedrock's. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const CONVERSE = { converse: "/model/{model}/{converse|converse-stream}" } as const;
/** https://docs.cohere.com/reference/chat */
export const COHERE = { cohere: "/v2/chat" } as const;
export const RESPONSES = { responses: "/responses" } as const;
export const INPUT_TOKENS = { inputTokens: "/responses/input_tokens" } as const;

/** Google's, which names the model in its paths. https://ai.google.dev/api/generate-content */
export const GENERATE = {
  generate: "/models/{model}:{generateContent|streamGenerateContent?alt=sse}",
  countGenerateTokens: "/models/{model}:countTokens",
} as const;

/** Of Ollama, which does not count tokens. https://docs.ollama.com/api/anthropic-compatibility */
export const OLLAMA_PATHS = { ...OPENAI_PATHS, ...COMPLETIONS, ...MESSAGES, ...RESPONSES } as const;

/** Of servers that have every API below their base URL. */
export const LOCAL_PATHS = { ...OLLAMA_PATHS, ...COUNT_TOKENS } as const;

/** Where an API is below a base URL unless a row or a setting says otherwise. */
export const USUAL_PATHS: Readonly<Record<ProviderApiName, string>> = {
  ...LOCAL_PATHS,
  ...INPUT_TOKENS,
  ...GENERATE,
  ...CONVERSE,
  ...COHERE,
};

// With what the paths of inference servers begin that are below their roots, beside their OpenAI-compatible APIs. Not what
// runs the server or shows how it was started, perhaps with its key: `sleep`, `collective_rpc`, `get_server_info`.

/** https://github.com/ggml-org/llama.cpp/tree/master/tools/server */
export const LLAMACPP_ROOT = [
  ...["api", "apply-template", "completion", "detokenize", "health", "infill", "lora-adapters", "metrics"],
  ...["models/load", "models/unload", "props", "slots", "tokenize"],
] as const;

/** https://docs.vllm.ai/en/stable/serving/openai_compatible_server */
export const VLLM_ROOT = [
  ...["classify", "detokenize", "health", "inference", "invocations", "is_sleeping", "load", "metrics", "ping"],
  ...["pooling", "tokenize", "tokenizer_info", "v2", "version"],
] as const;

/**
 * Of TGI, SGLang and Bedrock: https://huggingface.co/docs/text-generation-inference,
 * https://docs.sglang.ai/basic_usage/native_api.html, https://docs.aws.amazon.com/bedrock/latest/APIReference
 */
export const OTHER_SERVERS_ROOT = [
  ...["decode", "encode", "generate", "generate_stream", "get_model_info", "info"],
  ...["model", "model_info"],
] as const;

/** https://huggingface.github.io/text-generation-inference */
export const TGI_ROOT = [
  ...["chat_tokenize", "generate", "generate_stream", "health", "info", "invocations", "metrics", "tokenize"],
] as const;

/** https://docs.sglang.io/basic_usage/native_api.html */
export const SGLANG_ROOT = [
  ...["classify", "detokenize", "encode", "generate", "get_model_info", "health", "health_generate", "metrics"],
  ...["model_info", "tokenize"],
] as const;
