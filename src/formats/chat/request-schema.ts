import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";
import { Message } from "./message-schema.ts";
import { ChatCompletionTool, FunctionObject, ProviderTool } from "./tool-schema.ts";

/** How a stream is to be sent. */
export const ChatCompletionStreamOptions = openObject(
  { include_usage: nullish(Type.Boolean({ description: "End the stream with a chunk that holds the usage." })) },
  "Options of a stream.",
);
export type ChatCompletionStreamOptions = Static<typeof ChatCompletionStreamOptions>;

/** Body of `POST /v1/chat/completions`. */
export const CreateChatCompletionRequest = openObject(
  {
    model: Type.String({ minLength: 1, description: "provider/model, or a bare model name that one provider lists." }),
    messages: Type.Array(Message, { minItems: 1, description: "The conversation so far." }),
    stream: nullish(Type.Boolean({ description: "Answer as server-sent events.", default: false })),
    stream_options: nullish(ChatCompletionStreamOptions),
    max_tokens: nullish(Type.Integer({ minimum: 1, description: "Most tokens to generate." })),
    max_completion_tokens: nullish(Type.Integer({ minimum: 1, description: "As max_tokens, thinking included." })),
    tools: nullish(Type.Array(Type.Union([ChatCompletionTool, ProviderTool]))),
    tool_choice: nullish(
      Type.Union([Type.String(), openObject({})], { description: "none, auto, required, or one tool." }),
    ),
    parallel_tool_calls: nullish(Type.Boolean()),
    temperature: nullish(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: nullish(Type.Number({ minimum: 0, maximum: 1 })),
    n: nullish(Type.Integer({ minimum: 1, description: "How many answers to give." })),
    stop: nullish(Type.Union([Type.String(), Type.Array(Type.String())])),
    presence_penalty: nullish(Type.Number({ minimum: -2, maximum: 2 })),
    frequency_penalty: nullish(Type.Number({ minimum: -2, maximum: 2 })),
    logit_bias: nullish(openObject({})),
    logprobs: nullish(Type.Boolean()),
    top_logprobs: nullish(Type.Integer({ minimum: 0, maximum: 20 })),
    seed: nullish(Type.Integer()),
    response_format: nullish(openObject({ type: Type.String({ description: "text, json_object, json_schema …" }) })),
    reasoning_effort: nullish(Type.String({ description: "none, minimal, low, medium, high …" })),
    verbosity: nullish(Type.String()),
    modalities: nullish(Type.Array(Type.String())),
    audio: nullish(openObject({})),
    prediction: nullish(openObject({})),
    web_search_options: nullish(openObject({})),
    service_tier: nullish(Type.String()),
    store: nullish(Type.Boolean()),
    metadata: nullish(openObject({})),
    prompt_cache_key: nullish(Type.String()),
    safety_identifier: nullish(Type.String()),
    user: nullish(Type.String()),
    functions: nullish(Type.Array(FunctionObject, { description: "The older form of tools." })),
    function_call: nullish(
      Type.Union([Type.String(), openObject({})], { description: "The older form of tool_choice." }),
    ),
  },
  "A chat completion request. Fields that are not listed pass to the provider untouched.",
);
export type CreateChatCompletionRequest = Static<typeof CreateChatCompletionRequest>;
