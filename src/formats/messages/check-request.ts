import { checkAgainst } from "../schema/check.ts";
import { CountMessageTokensRequest, CreateMessageRequest } from "./request-schema.ts";

export const checkMessageRequest = checkAgainst(CreateMessageRequest);
export const checkCountRequest = checkAgainst(CountMessageTokensRequest);
