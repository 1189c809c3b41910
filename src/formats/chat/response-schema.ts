import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";
import { Message } from "./message-schema.ts";

/** Why the model stopped. Providers may have further reasons; they pass untouched. */
export const FinishReason = Type.Union(
  [
    Type.Literal("stop"),
    Type.Literal("length"),
    Type.Literal("tool_calls"),
    Type.Literal("content_filter"),
    Type.Literal("function_call"),
  ],
  { description: "Why the model stopped generating." },
);
export type FinishReason = Static<typeof FinishReason>;

/** Tokens that a completion took. */
export const CompletionUsage = openObject(
  {
    prompt_tokens: Type.Integer({ minimum: 0, description: "Tokens of the prompt." }),
    completion_tokens: Type.Integer({ minimum: 0, description: "Tokens generated." }),
    total_tokens: Type.Integer({ minimum: 0, description: "Both together." }),
    prompt_tokens_details: nullish(
      openObject({ cached_tokens: nullish(Type.Integer()), audio_tokens: nullish(Type.Integer()) }),
    ),
    completion_tokens_details: nullish(
      openObject({ reasoning_tokens: nullish(Type.Integer()), audio_tokens: nullish(Type.Integer()) }),
    ),
  },
  "Tokens that a completion took.",
);
export type CompletionUsage = Static<typeof CompletionUsage>;

/** How likely a token was, and which others were likely in its place. */
export const ChatCompletionTokenLogprob = Type.Recursive(
  (self) =>
    openObject({
      token: Type.String(),
      logprob: Type.Number({ description: "Natural logarithm of the probability." }),
      bytes: nullish(Type.Array(Type.Integer(), { description: "UTF-8 bytes of the token." })),
      top_logprobs: nullish(Type.Array(self, { description: "The likeliest tokens at this place." })),
    }),
  { $id: "ChatCompletionTokenLogprob", description: "Log probability of a token." },
);
export type ChatCompletionTokenLogprob = Static<typeof ChatCompletionTokenLogprob>;

/** Log probabilities of a choice: a list as the reference has it, or OpenAI's object of lists. */
const Logprobs = Type.Union([
  Type.Array(ChatCompletionTokenLogprob),
  openObject({
    content: nullish(Type.Array(ChatCompletionTokenLogprob)),
    refusal: nullish(Type.Array(ChatCompletionTokenLogprob)),
  }),
]);

/** One answer among those asked for. */
export const ChatCompletionChoice = openObject(
  {
    index: Type.Integer({ minimum: 0 }),
    message: Message,
    finish_reason: FinishReason,
    logprobs: nullish(Logprobs),
  },
  "One completion.",
);
export type ChatCompletionChoice = Static<typeof ChatCompletionChoice>;

/** Answer of `POST /v1/chat/completions` without `stream`. */
export const CreateChatCompletionResponse = openObject(
  {
    id: Type.String({ description: "Identifies the completion." }),
    object: Type.Literal("chat.completion"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    model: Type.String({ description: "The model that answered." }),
    choices: Type.Array(ChatCompletionChoice),
    usage: nullish(CompletionUsage),
    system_fingerprint: nullish(Type.String()),
    service_tier: nullish(Type.String()),
  },
  "A chat completion.",
);
export type CreateChatCompletionResponse = Static<typeof CreateChatCompletionResponse>;
