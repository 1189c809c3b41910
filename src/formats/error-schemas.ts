import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "./schema/building-blocks.ts";

/** What else a provider said of its error. */
const ProviderErrorRest = Type.Optional(
  openObject({}, "What else the provider said of its error, such as metadata, details or innererror."),
);

/** What was tried, if several deployments could answer. */
const Attempts = Type.Optional(
  Type.Array(
    openObject({
      provider: Type.String(),
      model: Type.String(),
      status: Type.Optional(Type.Integer()),
      why: Type.Optional(Type.String({ description: "The code of the failure." })),
    }),
    { description: "Every attempt, if several deployments could answer." },
  ),
);

/** How the gateway reports an error. */
export const ErrorResponse = openObject(
  {
    error: Type.String({ description: "What went wrong." }),
    type: nullish(Type.String({ description: "The provider's type of error." })),
    code: nullish(Type.Union([Type.String(), Type.Number()], { description: "The provider's code of the error." })),
    param: nullish(Type.String({ description: "The field of the request that is to blame." })),
    provider: nullish(Type.String({ description: "The provider that was asked." })),
    provider_error: ProviderErrorRest,
    attempts: Attempts,
    request_id: nullish(Type.String({ description: "The X-Request-Id of this exchange." })),
  },
  "An error.",
);
export type ErrorResponse = Static<typeof ErrorResponse>;

/** How the gateway reports an error on `/v1/responses`, and elsewhere if `ERROR_FORMAT` says so. */
export const OpenAIErrorResponse = openObject(
  {
    error: openObject({
      message: Type.String(),
      type: Type.Union([Type.String(), Type.Null()]),
      param: Type.Union([Type.String(), Type.Null()]),
      code: Type.Union([Type.String(), Type.Number(), Type.Null()]),
      provider_error: ProviderErrorRest,
      attempts: Attempts,
    }),
  },
  "An error in OpenAI's envelope, which clients get that read no other one.",
);
export type OpenAIErrorResponse = Static<typeof OpenAIErrorResponse>;

/** How `/v1/messages` reports an error. */
export const AnthropicErrorResponse = openObject(
  {
    type: Type.Literal("error"),
    error: openObject({
      type: Type.String({ description: "E.g. invalid_request_error." }),
      message: Type.String(),
      provider_error: ProviderErrorRest,
      attempts: Attempts,
    }),
    request_id: nullish(Type.String()),
  },
  "An error in Anthropic's envelope.",
);
export type AnthropicErrorResponse = Static<typeof AnthropicErrorResponse>;

/** How the routes of Gemini's API report an error. */
export const GoogleErrorResponse = openObject(
  {
    error: openObject({
      code: Type.Integer({ description: "The HTTP status." }),
      message: Type.String(),
      status: Type.String({ description: "E.g. INVALID_ARGUMENT." }),
      details: Type.Optional(Type.Array(openObject({}))),
    }),
  },
  "An error in Google's envelope.",
);
export type GoogleErrorResponse = Static<typeof GoogleErrorResponse>;
