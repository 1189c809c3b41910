import type { Format } from "../format.ts";
import { checkModel } from "../required-members.ts";
import { OPENAI_STREAM } from "../openai-stream.ts";
import { checkAgainst } from "../schema/check.ts";
import { CreateEmbeddingRequest } from "./schemas.ts";

/** OpenAI's Embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const EMBEDDINGS: Format = {
  ...OPENAI_STREAM,
  api: "embeddings",
  notSupported: "embeddings_not_supported",
  checkRequired: checkModel,
  check: checkAgainst(CreateEmbeddingRequest),
  hasStreamOptions: false,
  usageAtStart: false,
  documentation: async () => (await import("./documentation.ts")).EMBEDDINGS_DOCUMENTATION,
};
