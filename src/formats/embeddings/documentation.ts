import type { FormatDocumentation } from "../format.ts";
import * as schemas from "./schemas.ts";

/** What the OpenAPI document says of embeddings. */
export const EMBEDDINGS_DOCUMENTATION: FormatDocumentation = {
  operationId: "createEmbedding",
  tag: { name: "Embeddings", description: "Vectors from text." },
  summary: "Turn text into vectors",
  example: { model: "openai/text-embedding-3-small", input: "Hello" },
  schemas,
  request: schemas.CreateEmbeddingRequest,
  response: schemas.CreateEmbeddingResponse,
  streams: false,
};
