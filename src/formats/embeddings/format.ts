import type { Format } from "../format.ts";
import { checkModel } from "../required-members.ts";
import { KEEP_ALIVE_COMMENT, UNKNOWN_STREAM } from "../stream-watch.ts";

/** OpenAI's Embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const EMBEDDINGS: Format = {
  api: "embeddings",
  notSupported: "embeddings_not_supported",
  checkRequired: checkModel,
  loadCheck: async () => (await import("./check-request.ts")).checkEmbeddingRequest,
  hasStreamOptions: false,
  usageAtStart: false,
  watchStream: () => UNKNOWN_STREAM,
  keepAlive: KEEP_ALIVE_COMMENT,
  documentation: async () => (await import("./documentation.ts")).EMBEDDINGS_DOCUMENTATION,
};
