import { checkAgainst } from "../schema/check.ts";
import { CountGenerateTokensRequest, GenerateContentRequest } from "./request-schema.ts";

// What is wrong with whole requests by their schemas: only `VALIDATION=strict` loads this file.

export const checkGenerateRequest = checkAgainst(GenerateContentRequest);
export const checkCountRequest = checkAgainst(CountGenerateTokensRequest);
