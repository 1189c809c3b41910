import { checkAgainst } from "../schema/check.ts";
import { CountGenerateTokensRequest, GenerateContentRequest } from "./request-schema.ts";

export const checkGenerateRequest = checkAgainst(GenerateContentRequest);
export const checkCountRequest = checkAgainst(CountGenerateTokensRequest);
