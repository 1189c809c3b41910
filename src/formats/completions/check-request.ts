import { checkAgainst } from "../schema/check.ts";
import { CreateCompletionRequest } from "./request-schema.ts";

// What is wrong with whole requests by their schemas: only `VALIDATION=strict` loads this file.

export const checkCompletionRequest = checkAgainst(CreateCompletionRequest);
