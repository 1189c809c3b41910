import { checkAgainst } from "../schema/check.ts";
import { CountMessageTokensRequest, CreateMessageRequest } from "./request-schema.ts";

// What is wrong with whole requests by their schemas: only `VALIDATION=strict` loads this file.

export const checkMessageRequest = checkAgainst(CreateMessageRequest);
export const checkCountRequest = checkAgainst(CountMessageTokensRequest);
