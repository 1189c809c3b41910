import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";

/** How the gateway tells an error. */
export const ErrorResponse = loose(
  {
    error: Type.String({ description: "What went wrong." }),
    type: optional(Type.String({ description: "The provider's type of error." })),
    code: optional(Type.String({ description: "The provider's code of the error." })),
    param: optional(Type.String({ description: "The field of the request that is to blame." })),
    provider: optional(Type.String({ description: "The provider that was asked." })),
    request_id: optional(Type.String({ description: "The X-Request-Id of this exchange." })),
  },
  "An error.",
);
export type ErrorResponse = Static<typeof ErrorResponse>;

/** How the gateway tells an error with `ERROR_FORMAT=openai`. */
export const OpenAIErrorResponse = loose(
  {
    error: loose({
      message: Type.String(),
      type: Type.Union([Type.String(), Type.Null()]),
      param: Type.Union([Type.String(), Type.Null()]),
      code: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  "An error in OpenAI's envelope, which ERROR_FORMAT=openai chooses.",
);
export type OpenAIErrorResponse = Static<typeof OpenAIErrorResponse>;

/** How `/v1/messages` tells an error. */
export const AnthropicErrorResponse = loose(
  {
    type: Type.Literal("error"),
    error: loose({ type: Type.String({ description: "E.g. invalid_request_error." }), message: Type.String() }),
    request_id: optional(Type.String()),
  },
  "An error in Anthropic's envelope.",
);
export type AnthropicErrorResponse = Static<typeof AnthropicErrorResponse>;
