import { Type, type Static } from "@sinclair/typebox";
import { loose, optional } from "./loose.ts";

/** What kind of tool; providers have further kinds, see `ProviderTool`. */
export const ChatCompletionToolType = Type.Literal("function", { description: "Kind of a tool." });
export type ChatCompletionToolType = Static<typeof ChatCompletionToolType>;

/** JSON Schema of a function's parameters; not looked into. */
export const FunctionParameters = loose({}, "A JSON Schema object that describes the parameters of the function.");
export type FunctionParameters = Static<typeof FunctionParameters>;

/** A function that the model may call. */
export const FunctionObject = loose(
  {
    name: Type.String({ minLength: 1, description: "Name of the function, snake_case recommended." }),
    description: optional(Type.String({ description: "What the function does." })),
    parameters: optional(FunctionParameters),
    strict: optional(Type.Boolean({ description: "Hold the model to the schema exactly." })),
  },
  "Definition of a function.",
);
export type FunctionObject = Static<typeof FunctionObject>;

/** A tool that is a function. Mistral's own client leaves `type` out, so it is optional. */
export const ChatCompletionTool = loose(
  { type: optional(ChatCompletionToolType), function: FunctionObject },
  "A function that the model may call.",
);
export type ChatCompletionTool = Static<typeof ChatCompletionTool>;

/** A tool of a kind that only the provider knows, such as `custom` or `web_search`; it passes untouched. */
export const ProviderTool = loose(
  { type: Type.String({ pattern: "^(?!function$)" }) },
  "A tool of a type that the gateway does not know: passed to the provider untouched.",
);
export type ProviderTool = Static<typeof ProviderTool>;

/** What rides along with a tool call: Gemini's thought signature, or a trace of the thinking behind it. */
export const ToolCallExtraContent = loose(
  {
    type: optional(Type.String({ description: "Identifies the kind of content." })),
    content: optional(Type.String({ description: "E.g. a thinking trace." })),
    google: optional(loose({ thought_signature: optional(Type.String()) })),
  },
  "Metadata of a tool call. To be sent back unchanged with the call.",
);
export type ToolCallExtraContent = Static<typeof ToolCallExtraContent>;

/** Which function was called, and with what. */
export const ChatCompletionMessageToolCallFunction = loose(
  {
    name: Type.String({ description: "Name of the function called." }),
    arguments: Type.String({ description: "JSON text of the arguments." }),
  },
  "The function called and its arguments.",
);
export type ChatCompletionMessageToolCallFunction = Static<typeof ChatCompletionMessageToolCallFunction>;

/** A call that the model made. */
export const ChatCompletionMessageToolCall = loose(
  {
    id: Type.String({ description: "Identifies the call; the tool message that answers it repeats it." }),
    type: ChatCompletionToolType,
    function: ChatCompletionMessageToolCallFunction,
    extra_content: optional(ToolCallExtraContent),
  },
  "A tool call made by the model.",
);
export type ChatCompletionMessageToolCall = Static<typeof ChatCompletionMessageToolCall>;

/** A piece of a call that arrives over several chunks; `index` tells which call it belongs to. */
export const ChatCompletionMessageToolCallChunk = loose(
  {
    index: Type.Integer({ minimum: 0, description: "Which tool call of the response this is a piece of." }),
    id: optional(Type.String({ description: "Stands in the first chunk." })),
    type: optional(ChatCompletionToolType),
    function: optional(
      loose(
        { name: optional(Type.String()), arguments: optional(Type.String()) },
        "name and arguments, to be put together over the chunks.",
      ),
    ),
    extra_content: optional(ToolCallExtraContent),
  },
  "A piece of a tool call.",
);
export type ChatCompletionMessageToolCallChunk = Static<typeof ChatCompletionMessageToolCallChunk>;
