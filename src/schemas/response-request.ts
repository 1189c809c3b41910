import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";

/** Body of `POST /v1/responses`. `input` may be absent where a stored prompt or conversation stands in for it. */
export const CreateResponseRequest = loose(
  {
    model: Type.String({ minLength: 1, description: "openai/model, or a bare model name." }),
    input: optional(Type.Union([Type.String(), Type.Array(loose({}))])),
    instructions: optional(Type.Union([Type.String(), Type.Array(loose({}))])),
    stream: optional(Type.Boolean()),
    max_output_tokens: optional(Type.Integer({ minimum: 1 })),
    temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    tools: optional(Type.Array(loose({}))),
    tool_choice: optional(Type.Union([Type.String(), loose({})])),
    previous_response_id: optional(Type.String()),
    store: optional(Type.Boolean()),
    background: optional(Type.Boolean()),
    metadata: optional(loose({})),
  },
  "A request of OpenAI's Responses API. Fields that are not listed pass to the provider untouched.",
);
export type CreateResponseRequest = Static<typeof CreateResponseRequest>;
