import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** Body of `POST /v1/responses`. `input` may be absent if a stored prompt or conversation replaces it. */
export const CreateResponseRequest = openObject(
  {
    model: Type.String({ minLength: 1, description: "openai/model, or a bare model name." }),
    input: nullish(Type.Union([Type.String(), Type.Array(openObject({}))])),
    instructions: nullish(Type.Union([Type.String(), Type.Array(openObject({}))])),
    stream: nullish(Type.Boolean()),
    max_output_tokens: nullish(Type.Integer({ minimum: 1 })),
    temperature: nullish(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: nullish(Type.Number({ minimum: 0, maximum: 1 })),
    tools: nullish(Type.Array(openObject({}))),
    tool_choice: nullish(Type.Union([Type.String(), openObject({})])),
    previous_response_id: nullish(Type.String()),
    store: nullish(Type.Boolean()),
    background: nullish(Type.Boolean()),
    metadata: nullish(openObject({})),
  },
  "A request of OpenAI's Responses API. Fields that are not listed pass to the provider untouched.",
);
export type CreateResponseRequest = Static<typeof CreateResponseRequest>;
