import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** What kind of tool; providers have further kinds, see `ProviderTool`. */
export const ChatCompletionToolType = Type.Literal("function", { description: "Kind of a tool." });
export type ChatCompletionToolType = Static<typeof ChatCompletionToolType>;

/** JSON Schema of a function's parameters; not looked into. */
export const FunctionParameters = openObject({}, "A JSON Schema object that describes the parameters of the function.");
export type FunctionParameters = Static<typeof FunctionParameters>;

/** A function that the model may call. */
export const FunctionObject = openObject(
  {
    name: Type.String({ minLength: 1, description: "Name of the function, snake_case recommended." }),
    description: nullish(Type.String({ description: "What the function does." })),
    parameters: nullish(FunctionParameters),
    strict: nullish(Type.Boolean({ description: "Hold the model to the schema exactly." })),
  },
  "Definition of a function.",
);
export type FunctionObject = Static<typeof FunctionObject>;

/** A tool that is a function. Mistral's own client leaves `type` out, so it is optional. */
export const ChatCompletionTool = openObject(
  { type: nullish(ChatCompletionToolType), function: FunctionObject },
  "A function that the model may call.",
);
export type ChatCompletionTool = Static<typeof ChatCompletionTool>;

/** A tool of a kind that only the provider knows, such as `custom` or `web_search`; it passes untouched. */
export const ProviderTool = openObject(
  { type: Type.String({ pattern: "^(?!function$)" }) },
  "A tool of a type that the gateway does not know: passed to the provider untouched.",
);
export type ProviderTool = Static<typeof ProviderTool>;

/** What rides along with a tool call: Gemini's thought signature, or a trace of the thinking behind it. */
export const ToolCallExtraContent = openObject(
  {
    type: nullish(Type.String({ description: "Identifies the kind of content." })),
    content: nullish(Type.String({ description: "E.g. a thinking trace." })),
    google: nullish(openObject({ thought_signature: nullish(Type.String()) })),
  },
  "Metadata of a tool call. To be sent back unchanged with the call.",
);
export type ToolCallExtraContent = Static<typeof ToolCallExtraContent>;

/** Which function was called, and with what. */
export const ChatCompletionMessageToolCallFunction = openObject(
  {
    name: Type.String({ description: "Name of the function called." }),
    arguments: Type.String({ description: "JSON text of the arguments." }),
  },
  "The function called and its arguments.",
);
export type ChatCompletionMessageToolCallFunction = Static<typeof ChatCompletionMessageToolCallFunction>;

/** A call that the model made. */
export const ChatCompletionMessageToolCall = openObject(
  {
    id: Type.String({ description: "Identifies the call; the tool message that answers it repeats it." }),
    type: ChatCompletionToolType,
    function: ChatCompletionMessageToolCallFunction,
    extra_content: nullish(ToolCallExtraContent),
  },
  "A tool call made by the model.",
);
export type ChatCompletionMessageToolCall = Static<typeof ChatCompletionMessageToolCall>;

/** A piece of a call that arrives over several chunks; `index` says which call it belongs to. */
export const ChatCompletionMessageToolCallChunk = openObject(
  {
    index: Type.Integer({ minimum: 0, description: "Which tool call of the response this is a piece of." }),
    id: nullish(Type.String({ description: "In the first chunk only." })),
    type: nullish(ChatCompletionToolType),
    function: nullish(
      openObject(
        { name: nullish(Type.String()), arguments: nullish(Type.String()) },
        "name and arguments, to be put together over the chunks.",
      ),
    ),
    extra_content: nullish(ToolCallExtraContent),
  },
  "A piece of a tool call.",
);
export type ChatCompletionMessageToolCallChunk = Static<typeof ChatCompletionMessageToolCallChunk>;
