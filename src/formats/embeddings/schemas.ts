import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../schema/building-blocks.ts";

/** Body of `POST /v1/embeddings`. */
export const CreateEmbeddingRequest = openObject(
  {
    model: Type.String({ minLength: 1, description: "provider/model, or a bare model name." }),
    input: Type.Union(
      [
        Type.String({ minLength: 1 }),
        Type.Array(Type.String(), { minItems: 1 }),
        Type.Array(Type.Integer(), { minItems: 1 }),
        Type.Array(Type.Array(Type.Integer(), { minItems: 1 }), { minItems: 1 }),
      ],
      { description: "Text, texts, tokens, or lists of tokens." },
    ),
    encoding_format: nullish(Type.String({ description: "float or base64." })),
    dimensions: nullish(Type.Integer({ minimum: 1 })),
    user: nullish(Type.String()),
  },
  "What to embed. Fields that are not listed pass to the provider untouched.",
);
export type CreateEmbeddingRequest = Static<typeof CreateEmbeddingRequest>;

/** Answer of `POST /v1/embeddings`. */
export const CreateEmbeddingResponse = openObject(
  {
    object: Type.Literal("list"),
    model: Type.String(),
    data: Type.Array(
      openObject({
        object: Type.Literal("embedding"),
        index: Type.Integer({ minimum: 0 }),
        embedding: Type.Union([Type.Array(Type.Number()), Type.String({ description: "base64 of float32 values." })]),
      }),
    ),
    usage: nullish(openObject({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() })),
  },
  "Embeddings.",
);
export type CreateEmbeddingResponse = Static<typeof CreateEmbeddingResponse>;
