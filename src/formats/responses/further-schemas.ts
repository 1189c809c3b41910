import { Type, type Static } from "@sinclair/typebox";
import { openObject } from "../schema/building-blocks.ts";

const MODEL = Type.String({ minLength: 1, description: "provider/model, or a bare model name." });
const INPUT = Type.Optional(Type.Unknown({ description: "Text, or a list of items." }));

/** Body of `POST /v1/responses/compact`; only `model` is checked. */
export const CompactResponseRequest = openObject(
  {
    model: MODEL,
    input: INPUT,
    instructions: Type.Optional(Type.Unknown()),
    previous_response_id: Type.Optional(Type.Unknown()),
  },
  "A conversation to be made shorter. Fields that are not listed pass to the provider untouched.",
);
export type CompactResponseRequest = Static<typeof CompactResponseRequest>;

/** Body of `POST /v1/responses/input_tokens`; only `model` is checked. */
export const CountInputTokensRequest = openObject(
  {
    model: MODEL,
    input: INPUT,
    instructions: Type.Optional(Type.Unknown()),
    tools: Type.Optional(Type.Unknown()),
    previous_response_id: Type.Optional(Type.Unknown()),
  },
  "A request whose input is to be counted. Fields that are not listed pass to the provider untouched.",
);
export type CountInputTokensRequest = Static<typeof CountInputTokensRequest>;
