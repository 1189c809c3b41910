import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** One turn of an Anthropic conversation; blocks of content are the provider's business. */
export const MessageTurn = openObject(
  {
    role: Type.String({ description: "user or assistant." }),
    content: Type.Union([Type.String(), Type.Array(openObject({ type: Type.String() }))]),
  },
  "One turn of a conversation in Anthropic's form.",
);
export type MessageTurn = Static<typeof MessageTurn>;

const COUNTED = {
  model: Type.String({ minLength: 1, description: "anthropic/model, or a bare model name." }),
  messages: Type.Array(MessageTurn, { minItems: 1 }),
  system: nullish(Type.Union([Type.String(), Type.Array(openObject({}))])),
  tools: nullish(Type.Array(openObject({}))),
  tool_choice: nullish(openObject({})),
  thinking: nullish(openObject({})),
};

/** Body of `POST /v1/messages`. */
export const CreateMessageRequest = openObject(
  {
    ...COUNTED,
    max_tokens: Type.Integer({ minimum: 1, description: "Most tokens to generate." }),
    stream: nullish(Type.Boolean()),
    stop_sequences: nullish(Type.Array(Type.String())),
    temperature: nullish(Type.Number()),
    top_p: nullish(Type.Number()),
    top_k: nullish(Type.Integer()),
    metadata: nullish(openObject({})),
  },
  "A request of Anthropic's Messages API. Fields that are not listed pass to the provider untouched.",
);
export type CreateMessageRequest = Static<typeof CreateMessageRequest>;

/** Body of `POST /v1/messages/count_tokens`. */
export const CountMessageTokensRequest = openObject(COUNTED, "What to count the tokens of, in Anthropic's form.");
export type CountMessageTokensRequest = Static<typeof CountMessageTokensRequest>;
