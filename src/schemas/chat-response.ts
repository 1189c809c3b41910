import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";
import { Message } from "./messages.ts";

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
export const CompletionUsage = loose(
  {
    prompt_tokens: Type.Integer({ minimum: 0, description: "Tokens of the prompt." }),
    completion_tokens: Type.Integer({ minimum: 0, description: "Tokens generated." }),
    total_tokens: Type.Integer({ minimum: 0, description: "Both together." }),
    prompt_tokens_details: optional(
      loose({ cached_tokens: optional(Type.Integer()), audio_tokens: optional(Type.Integer()) }),
    ),
    completion_tokens_details: optional(
      loose({ reasoning_tokens: optional(Type.Integer()), audio_tokens: optional(Type.Integer()) }),
    ),
  },
  "Tokens that a completion took.",
);
export type CompletionUsage = Static<typeof CompletionUsage>;

/** How likely a token was, and which others were likely in its place. */
export const ChatCompletionTokenLogprob = Type.Recursive(
  (self) =>
    loose({
      token: Type.String(),
      logprob: Type.Number({ description: "Natural logarithm of the probability." }),
      bytes: optional(Type.Array(Type.Integer(), { description: "UTF-8 bytes of the token." })),
      top_logprobs: optional(Type.Array(self, { description: "The likeliest tokens at this place." })),
    }),
  { $id: "ChatCompletionTokenLogprob", description: "Log probability of a token." },
);
export type ChatCompletionTokenLogprob = Static<typeof ChatCompletionTokenLogprob>;

/** Log probabilities of a choice: a list as the reference has it, or OpenAI's object of lists. */
const Logprobs = Type.Union([
  Type.Array(ChatCompletionTokenLogprob),
  loose({
    content: optional(Type.Array(ChatCompletionTokenLogprob)),
    refusal: optional(Type.Array(ChatCompletionTokenLogprob)),
  }),
]);

/** One answer among those asked for. */
export const ChatCompletionChoice = loose(
  {
    index: Type.Integer({ minimum: 0 }),
    message: Message,
    finish_reason: FinishReason,
    logprobs: optional(Logprobs),
  },
  "One completion.",
);
export type ChatCompletionChoice = Static<typeof ChatCompletionChoice>;

/** Answer of `POST /v1/chat/completions` without `stream`. */
export const CreateChatCompletionResponse = loose(
  {
    id: Type.String({ description: "Identifies the completion." }),
    object: Type.Literal("chat.completion"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    model: Type.String({ description: "The model that answered." }),
    choices: Type.Array(ChatCompletionChoice),
    usage: optional(CompletionUsage),
    system_fingerprint: optional(Type.String()),
    service_tier: optional(Type.String()),
  },
  "A chat completion.",
);
export type CreateChatCompletionResponse = Static<typeof CreateChatCompletionResponse>;
