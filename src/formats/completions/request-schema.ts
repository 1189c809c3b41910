import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** Body of `POST /v1/completions`. */
export const CreateCompletionRequest = openObject(
  {
    model: Type.String({ minLength: 1, description: "provider/model, or a bare model name." }),
    prompt: nullish(
      Type.Union(
        [Type.String(), Type.Array(Type.String()), Type.Array(Type.Integer()), Type.Array(Type.Array(Type.Integer()))],
        { description: "Text, texts, tokens, or lists of tokens." },
      ),
    ),
    suffix: nullish(Type.String({ description: "What comes behind the completion: fill in the middle." })),
    stream: nullish(Type.Boolean()),
    stream_options: nullish(openObject({ include_usage: nullish(Type.Boolean()) })),
    max_tokens: nullish(Type.Integer({ minimum: 0, description: "Most tokens to generate." })),
    temperature: nullish(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: nullish(Type.Number({ minimum: 0, maximum: 1 })),
    n: nullish(Type.Integer({ minimum: 1 })),
    logprobs: nullish(Type.Integer({ minimum: 0 })),
    echo: nullish(Type.Boolean()),
    stop: nullish(Type.Union([Type.String(), Type.Array(Type.String())], { description: "What ends the completion." })),
    seed: nullish(Type.Integer()),
  },
  "A text to be completed, in the form of OpenAI's older API. Fields that are not listed pass to the provider untouched.",
);
export type CreateCompletionRequest = Static<typeof CreateCompletionRequest>;
