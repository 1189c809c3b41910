import { Type, type Static } from "@sinclair/typebox";
import { nullish, openObject } from "../schema/building-blocks.ts";

/** A turn, or the instructions; what parts hold is the provider's business. */
export const GenerateContent = openObject(
  {
    role: nullish(Type.String({ description: "user or model." })),
    parts: Type.Optional(Type.Array(openObject({ text: nullish(Type.String()) }))),
  },
  "One turn of a conversation in Gemini's form. Members may also be spelt in snake_case.",
);
export type GenerateContent = Static<typeof GenerateContent>;

const CONTENTS = Type.Array(GenerateContent, { minItems: 1 });

/** Body of `:generateContent` and `:streamGenerateContent`. */
export const GenerateContentRequest = openObject(
  {
    contents: CONTENTS,
    systemInstruction: nullish(openObject({})),
    tools: nullish(Type.Array(openObject({}))),
    toolConfig: nullish(openObject({})),
    generationConfig: nullish(openObject({})),
    safetySettings: nullish(Type.Array(openObject({}))),
    cachedContent: nullish(Type.String()),
  },
  "A request of Gemini's API. Fields that are not listed pass to the provider untouched.",
);
export type GenerateContentRequest = Static<typeof GenerateContentRequest>;

/** Body of `:countTokens`. */
export const CountGenerateTokensRequest = openObject(
  {
    contents: Type.Optional(CONTENTS),
    generateContentRequest: nullish(openObject({})),
  },
  "What to count the tokens of, in Gemini's form.",
);
export type CountGenerateTokensRequest = Static<typeof CountGenerateTokensRequest>;
