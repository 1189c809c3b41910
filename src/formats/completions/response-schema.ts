import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** Answer of `POST /v1/completions`. The events of a stream are of the same shape, each with the next piece of text. */
export const CreateCompletionResponse = openObject(
  {
    id: Type.String(),
    object: Type.Literal("text_completion"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    model: Type.String(),
    choices: Type.Array(
      openObject({
        index: Type.Integer({ minimum: 0 }),
        text: Type.String(),
        finish_reason: nullish(Type.String({ description: "stop, length or content_filter." })),
        logprobs: nullish(openObject({})),
      }),
    ),
    usage: nullish(
      openObject({
        prompt_tokens: Type.Integer(),
        completion_tokens: Type.Integer(),
        total_tokens: Type.Integer(),
      }),
    ),
  },
  "A completed text, or the next piece of one.",
);
export type CreateCompletionResponse = Static<typeof CreateCompletionResponse>;
