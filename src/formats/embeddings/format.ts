import type { Format } from "../format.ts";
import { checkModel } from "../required-members.ts";
import { checkAgainst } from "../schema/check.ts";
import { KEEP_ALIVE_COMMENT, UNKNOWN_STREAM } from "../stream-watch.ts";
import { CreateEmbeddingRequest } from "./schemas.ts";

/** OpenAI's Embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const EMBEDDINGS: Format = {
  api: "embeddings",
  notSupported: "embeddings_not_supported",
  checkRequired: checkModel,
  check: checkAgainst(CreateEmbeddingRequest),
  hasStreamOptions: false,
  usageAtStart: false,
  watchStream: () => UNKNOWN_STREAM,
  keepAlive: KEEP_ALIVE_COMMENT,
  documentation: async () => (await import("./documentation.ts")).EMBEDDINGS_DOCUMENTATION,
};
