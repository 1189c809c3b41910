import { checkAgainst } from "../schema/check.ts";
import { CreateCompletionRequest } from "./request-schema.ts";

export const checkCompletionRequest = checkAgainst(CreateCompletionRequest);
