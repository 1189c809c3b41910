import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";
import { ChatCompletionMessageToolCall, ChatCompletionMessageToolCallFunction } from "./tool-schema.ts";

/** Who speaks in a message. */
export const MessageRole = Type.Union(
  [
    Type.Literal("system"),
    Type.Literal("developer"),
    Type.Literal("user"),
    Type.Literal("assistant"),
    Type.Literal("tool"),
    Type.Literal("function"),
  ],
  { description: "Role of the author of a message." },
);
export type MessageRole = Static<typeof MessageRole>;

/** A part of a message that is text. */
export const TextContentPart = openObject({ type: Type.Literal("text"), text: Type.String() }, "Text.");
export type TextContentPart = Static<typeof TextContentPart>;

/** Where an image is, and how closely the model should look at it. */
export const ImageURL = openObject(
  {
    url: Type.String({ description: "https: or http: URL, or a base64 data: URI." }),
    detail: nullish(
      Type.Union([Type.Literal("auto"), Type.Literal("low"), Type.Literal("high"), Type.Literal("original")]),
    ),
  },
  "Address of an image.",
);
export type ImageURL = Static<typeof ImageURL>;

/** A part of a message that is an image; accepted only if the operator set `ENABLE_VISION=true`. */
export const ImageContentPart = openObject(
  { type: Type.Literal("image_url"), image_url: ImageURL },
  "An image. Accepted only with ENABLE_VISION=true.",
);
export type ImageContentPart = Static<typeof ImageContentPart>;

/** A part of a message that is sound. OpenAI takes `{data, format}`, Mistral a bare string. */
export const AudioContentPart = openObject(
  {
    type: Type.Literal("input_audio"),
    input_audio: Type.Union([
      Type.String(),
      openObject({ data: nullish(Type.String({ description: "base64" })), format: nullish(Type.String()) }),
    ]),
  },
  "Sound.",
);
export type AudioContentPart = Static<typeof AudioContentPart>;

/** A part of a message that is a file, whole or by its id at the provider. */
export const FileContentPart = openObject({ type: Type.Literal("file"), file: nullish(openObject({})) }, "A file.");
export type FileContentPart = Static<typeof FileContentPart>;

/** A part of an assistant's message that is a refusal. */
export const RefusalContentPart = openObject({ type: Type.Literal("refusal"), refusal: Type.String() }, "A refusal.");
export type RefusalContentPart = Static<typeof RefusalContentPart>;

/** A part that only the provider knows, such as `document_url`, `thinking` or `video_url`; it passes untouched. */
export const ProviderContentPart = openObject(
  // The pattern keeps a malformed part of a known type from passing as a part of an unknown one.
  { type: Type.String({ pattern: "^(?!(?:text|image_url|input_audio|file|refusal)$)" }) },
  "A part of a type that the gateway does not know: passed to the provider untouched.",
);
export type ProviderContentPart = Static<typeof ProviderContentPart>;

/** One part of a message; `type` says which. */
export const ContentPart = Type.Union(
  [TextContentPart, ImageContentPart, AudioContentPart, FileContentPart, RefusalContentPart, ProviderContentPart],
  { description: "One part of a message, told apart by type." },
);
export type ContentPart = Static<typeof ContentPart>;

/** What a message says. */
export const MessageContent = Type.Union([Type.String(), Type.Array(ContentPart)], {
  description: "Plain text, or parts.",
});
export type MessageContent = Static<typeof MessageContent>;

/** A tool call in a message whose `type` is not `function`, such as OpenAI's `custom`; it passes untouched. */
export const ProviderToolCall = openObject(
  { type: Type.String({ pattern: "^(?!function$)" }) },
  "A tool call of a type that the gateway does not know: passed to the provider untouched.",
);
export type ProviderToolCall = Static<typeof ProviderToolCall>;

/**
 * One message of a conversation.
 * Two rules that JSON Schema expresses badly are in `check-request.ts`: when `content` may be left out, and that
 * `tool_call_id` is required for the role `tool`.
 */
export const Message = openObject(
  {
    role: MessageRole,
    content: nullish(MessageContent),
    name: nullish(Type.String()),
    tool_calls: nullish(Type.Array(Type.Union([ChatCompletionMessageToolCall, ProviderToolCall]))),
    tool_call_id: nullish(Type.String({ description: "Required where role is tool: the call that this answers." })),
    reasoning_content: nullish(Type.String({ description: "What the model thought, where the provider shows it." })),
    refusal: nullish(Type.String()),
    audio: nullish(openObject({})),
    function_call: nullish(ChatCompletionMessageToolCallFunction),
  },
  "One message. content may be null or absent only on an assistant message with tool_calls, function_call, refusal " +
    "or audio.",
);
export type Message = Static<typeof Message>;
