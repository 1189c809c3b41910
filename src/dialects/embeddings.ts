import { checkEmbeddingRequest } from "../schemas/check-request.ts";
import { CHAT } from "./chat.ts";
import type { Dialect } from "./dialect.ts";

/** OpenAI's Embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const EMBEDDINGS: Dialect = {
  api: "embeddings",
  notSupported: "embeddings_not_supported",
  check: checkEmbeddingRequest,
  hasStreamOptions: false,
  anthropicErrors: false,
  usageAtStart: false,
  endMark: CHAT.endMark,
  errorEvent: CHAT.errorEvent,
};
