import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";

/** One turn of an Anthropic conversation; blocks of content are the provider's business. */
export const MessageTurn = loose(
  {
    role: Type.String({ description: "user or assistant." }),
    content: Type.Union([Type.String(), Type.Array(loose({ type: Type.String() }))]),
  },
  "One turn of a conversation in Anthropic's form.",
);
export type MessageTurn = Static<typeof MessageTurn>;

const COUNTED = {
  model: Type.String({ minLength: 1, description: "anthropic/model, or a bare model name." }),
  messages: Type.Array(MessageTurn, { minItems: 1 }),
  system: optional(Type.Union([Type.String(), Type.Array(loose({}))])),
  tools: optional(Type.Array(loose({}))),
  tool_choice: optional(loose({})),
  thinking: optional(loose({})),
};

/** Body of `POST /v1/messages`. */
export const CreateMessageRequest = loose(
  {
    ...COUNTED,
    max_tokens: Type.Integer({ minimum: 1, description: "Most tokens to generate." }),
    stream: optional(Type.Boolean()),
    stop_sequences: optional(Type.Array(Type.String())),
    temperature: optional(Type.Number()),
    top_p: optional(Type.Number()),
    top_k: optional(Type.Integer()),
    metadata: optional(loose({})),
  },
  "A request of Anthropic's Messages API. Fields that are not listed pass to the provider untouched.",
);
export type CreateMessageRequest = Static<typeof CreateMessageRequest>;

/** Body of `POST /v1/messages/count_tokens`. */
export const CountMessageTokensRequest = loose(COUNTED, "What to count the tokens of, in Anthropic's form.");
export type CountMessageTokensRequest = Static<typeof CountMessageTokensRequest>;
