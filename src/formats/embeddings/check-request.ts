import { checkAgainst } from "../schema/check.ts";
import { CreateEmbeddingRequest } from "./schemas.ts";

export const checkEmbeddingRequest = checkAgainst(CreateEmbeddingRequest);
