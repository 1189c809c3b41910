import { Type, type Static } from "@sinclair/typebox";
import { ChatCompletionTokenLogprob, CompletionUsage, FinishReason } from "./response-schema.ts";
import { openObject, nullish } from "../schema/building-blocks.ts";
import { MessageRole } from "./message-schema.ts";
import { ChatCompletionMessageToolCallChunk } from "./tool-schema.ts";

/** One server-sent event. */
export const SSEvent = openObject(
  {
    data: Type.String({ description: "JSON text of a CreateChatCompletionStreamResponse, or [DONE]." }),
    event: nullish(Type.String({ description: "Type of the event; chat completions leave it out." })),
    id: nullish(Type.String()),
    retry: nullish(Type.Integer({ description: "Milliseconds to wait before connecting again." })),
  },
  "A server-sent event.",
);
export type SSEvent = Static<typeof SSEvent>;

/** What one chunk adds to a choice. */
export const ChatCompletionStreamResponseDelta = openObject(
  {
    role: nullish(MessageRole),
    content: nullish(Type.String()),
    tool_calls: nullish(Type.Array(ChatCompletionMessageToolCallChunk)),
    reasoning_content: nullish(Type.String({ description: "What the model thought, where the provider shows it." })),
    refusal: nullish(Type.String()),
  },
  "What a chunk adds to a choice.",
);
export type ChatCompletionStreamResponseDelta = Static<typeof ChatCompletionStreamResponseDelta>;

/** One choice within one chunk. */
export const ChatCompletionStreamChoice = openObject(
  {
    index: Type.Integer({ minimum: 0 }),
    delta: ChatCompletionStreamResponseDelta,
    finish_reason: nullish(FinishReason),
    logprobs: nullish(
      openObject({
        content: nullish(Type.Array(ChatCompletionTokenLogprob)),
        refusal: nullish(Type.Array(ChatCompletionTokenLogprob)),
      }),
    ),
  },
  "One choice of a chunk; finish_reason is in the last one.",
);
export type ChatCompletionStreamChoice = Static<typeof ChatCompletionStreamChoice>;

/** What the `data` of one event of a streamed chat completion holds. */
export const CreateChatCompletionStreamResponse = openObject(
  {
    id: Type.String({ description: "The same in every chunk." }),
    object: Type.Literal("chat.completion.chunk"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    model: Type.String({ description: "The model that answers." }),
    choices: Type.Array(ChatCompletionStreamChoice, { description: "Empty in the usage chunk." }),
    usage: nullish(CompletionUsage),
    system_fingerprint: nullish(Type.String()),
    service_tier: nullish(Type.String()),
  },
  "One chunk of a streamed chat completion.",
);
export type CreateChatCompletionStreamResponse = Static<typeof CreateChatCompletionStreamResponse>;
