import { checkAgainst } from "../schema/check.ts";
import { CreateEmbeddingRequest } from "./schemas.ts";

// What is wrong with whole requests by their schemas: only `VALIDATION=strict` loads this file.

export const checkEmbeddingRequest = checkAgainst(CreateEmbeddingRequest);
