import { checkEmbeddingRequest } from "../schema/check.ts";
import { CHAT } from "../chat/format.ts";
import type { Format } from "../format.ts";

/** OpenAI's Embeddings. https://platform.openai.com/docs/api-reference/embeddings */
export const EMBEDDINGS: Format = {
  api: "embeddings",
  notSupported: "embeddings_not_supported",
  check: checkEmbeddingRequest,
  hasStreamOptions: false,
  anthropicErrors: false,
  usageAtStart: false,
  finalEventMarker: CHAT.finalEventMarker,
  errorEvent: CHAT.errorEvent,
};
