import { Type, type Static } from "@sinclair/typebox";
import { ChatCompletionTokenLogprob, CompletionUsage, FinishReason } from "./chat-response.ts";
import { loose, optional } from "./loose.ts";
import { MessageRole } from "./messages.ts";
import { ChatCompletionMessageToolCallChunk } from "./tools.ts";

/** One server-sent event. */
export const SSEvent = loose(
  {
    data: Type.String({ description: "JSON text of a CreateChatCompletionStreamResponse, or [DONE]." }),
    event: optional(Type.String({ description: "Type of the event; chat completions leave it out." })),
    id: optional(Type.String()),
    retry: optional(Type.Integer({ description: "Milliseconds to wait before connecting again." })),
  },
  "A server-sent event.",
);
export type SSEvent = Static<typeof SSEvent>;

/** What one chunk adds to a choice. */
export const ChatCompletionStreamResponseDelta = loose(
  {
    role: optional(MessageRole),
    content: optional(Type.String()),
    tool_calls: optional(Type.Array(ChatCompletionMessageToolCallChunk)),
    reasoning_content: optional(Type.String({ description: "What the model thought, where the provider shows it." })),
    refusal: optional(Type.String()),
  },
  "What a chunk adds to a choice.",
);
export type ChatCompletionStreamResponseDelta = Static<typeof ChatCompletionStreamResponseDelta>;

/** One choice within one chunk. */
export const ChatCompletionStreamChoice = loose(
  {
    index: Type.Integer({ minimum: 0 }),
    delta: ChatCompletionStreamResponseDelta,
    finish_reason: optional(FinishReason),
    logprobs: optional(
      loose({
        content: optional(Type.Array(ChatCompletionTokenLogprob)),
        refusal: optional(Type.Array(ChatCompletionTokenLogprob)),
      }),
    ),
  },
  "One choice of a chunk; finish_reason stands in its last.",
);
export type ChatCompletionStreamChoice = Static<typeof ChatCompletionStreamChoice>;

/** What the `data` of one event of a streamed chat completion holds. */
export const CreateChatCompletionStreamResponse = loose(
  {
    id: Type.String({ description: "The same in every chunk." }),
    object: Type.Literal("chat.completion.chunk"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    model: Type.String({ description: "The model that answers." }),
    choices: Type.Array(ChatCompletionStreamChoice, { description: "Empty in the usage chunk." }),
    usage: optional(CompletionUsage),
    system_fingerprint: optional(Type.String()),
    service_tier: optional(Type.String()),
  },
  "One chunk of a streamed chat completion.",
);
export type CreateChatCompletionStreamResponse = Static<typeof CreateChatCompletionStreamResponse>;
