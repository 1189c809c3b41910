import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

const COMMON = {
  model: Type.String({ minLength: 1, description: "provider/model, or a bare model name." }),
  input: nullish(Type.Union([Type.String(), Type.Array(openObject({}))], { description: "Text, or a list of items." })),
  instructions: nullish(Type.String()),
  previous_response_id: nullish(Type.String()),
};

/** Body of `POST /v1/responses/compact`. */
export const CompactResponseRequest = openObject(
  COMMON,
  "A conversation to be made shorter. Fields that are not listed pass to the provider untouched.",
);
export type CompactResponseRequest = Static<typeof CompactResponseRequest>;

/** Body of `POST /v1/responses/input_tokens`. */
export const CountInputTokensRequest = openObject(
  { ...COMMON, tools: nullish(Type.Array(openObject({}))) },
  "A request whose input is to be counted. Fields that are not listed pass to the provider untouched.",
);
export type CountInputTokensRequest = Static<typeof CountInputTokensRequest>;
