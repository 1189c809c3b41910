import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** Body of `POST /v1/completions`; only `model` and `stream` are checked. */
export const CreateCompletionRequest = openObject(
  {
    model: Type.String({ minLength: 1, description: "provider/model, or a bare model name." }),
    prompt: Type.Optional(Type.Unknown({ description: "Text, texts, tokens, or lists of tokens." })),
    suffix: Type.Optional(Type.Unknown({ description: "What comes behind the completion: fill in the middle." })),
    stream: nullish(Type.Boolean()),
    max_tokens: Type.Optional(Type.Unknown({ description: "Most tokens to generate." })),
    temperature: Type.Optional(Type.Unknown()),
    top_p: Type.Optional(Type.Unknown()),
    n: Type.Optional(Type.Unknown()),
    logprobs: Type.Optional(Type.Unknown()),
    echo: Type.Optional(Type.Unknown()),
    stop: Type.Optional(Type.Unknown({ description: "Text or texts that end the completion." })),
    seed: Type.Optional(Type.Unknown()),
    stream_options: Type.Optional(Type.Unknown()),
  },
  "A text to be completed, in the form of OpenAI's older API. Fields that are not listed pass to the provider untouched.",
);
export type CreateCompletionRequest = Static<typeof CreateCompletionRequest>;
