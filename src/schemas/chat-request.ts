import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";
import { Message } from "./messages.ts";
import { ChatCompletionTool, FunctionObject, ProviderTool } from "./tools.ts";

/** How a stream is to be sent. */
export const ChatCompletionStreamOptions = loose(
  { include_usage: optional(Type.Boolean({ description: "End the stream with a chunk that holds the usage." })) },
  "Options of a stream.",
);
export type ChatCompletionStreamOptions = Static<typeof ChatCompletionStreamOptions>;

/** Body of `POST /v1/chat/completions`. */
export const CreateChatCompletionRequest = loose(
  {
    model: Type.String({ minLength: 1, description: "provider/model, or a bare model name that one provider lists." }),
    messages: Type.Array(Message, { minItems: 1, description: "The conversation so far." }),
    stream: optional(Type.Boolean({ description: "Answer as server-sent events.", default: false })),
    stream_options: optional(ChatCompletionStreamOptions),
    max_tokens: optional(Type.Integer({ minimum: 1, description: "Most tokens to generate." })),
    max_completion_tokens: optional(Type.Integer({ minimum: 1, description: "As max_tokens, thinking included." })),
    tools: optional(Type.Array(Type.Union([ChatCompletionTool, ProviderTool]))),
    tool_choice: optional(
      Type.Union([Type.String(), loose({})], { description: "none, auto, required, or one tool." }),
    ),
    parallel_tool_calls: optional(Type.Boolean()),
    temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    n: optional(Type.Integer({ minimum: 1, description: "How many answers to give." })),
    stop: optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    presence_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
    frequency_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
    logit_bias: optional(loose({})),
    logprobs: optional(Type.Boolean()),
    top_logprobs: optional(Type.Integer({ minimum: 0, maximum: 20 })),
    seed: optional(Type.Integer()),
    response_format: optional(loose({ type: Type.String({ description: "text, json_object, json_schema …" }) })),
    reasoning_effort: optional(Type.String({ description: "none, minimal, low, medium, high …" })),
    verbosity: optional(Type.String()),
    modalities: optional(Type.Array(Type.String())),
    audio: optional(loose({})),
    prediction: optional(loose({})),
    web_search_options: optional(loose({})),
    service_tier: optional(Type.String()),
    store: optional(Type.Boolean()),
    metadata: optional(loose({})),
    prompt_cache_key: optional(Type.String()),
    safety_identifier: optional(Type.String()),
    user: optional(Type.String()),
    functions: optional(Type.Array(FunctionObject, { description: "The older form of tools." })),
    function_call: optional(Type.Union([Type.String(), loose({})], { description: "The older form of tool_choice." })),
  },
  "A chat completion request. Fields that are not listed pass to the provider untouched.",
);
export type CreateChatCompletionRequest = Static<typeof CreateChatCompletionRequest>;
