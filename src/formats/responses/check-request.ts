import { checkAgainst } from "../schema/check.ts";
import { CompactResponseRequest, CountInputTokensRequest } from "./further-schemas.ts";
import { CreateResponseRequest } from "./request-schema.ts";

// What is wrong with whole requests by their schemas: only `VALIDATION=strict` loads this file.

export const checkResponseRequest = checkAgainst(CreateResponseRequest);
export const checkCompactRequest = checkAgainst(CompactResponseRequest);
export const checkInputTokensRequest = checkAgainst(CountInputTokensRequest);
