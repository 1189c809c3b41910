import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import { googleStatusName } from "../google-error.ts";

/** What the types and codes of other wires are as an HTTP status, which the errors of this API repeat. */
const CODES: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    invalid_request_error: 400,
    context_length_exceeded: 400,
    invalid_prompt: 400,
    authentication_error: 401,
    invalid_api_key: 401,
    permission_error: 403,
    not_found_error: 404,
    model_not_found: 404,
    request_too_large: 400,
    rate_limit_error: 429,
    rate_limit_exceeded: 429,
    insufficient_quota: 429,
    slow_down: 429,
    overloaded_error: 503,
    server_is_overloaded: 503,
    timeout_error: 504,
  }),
);

const UNKNOWN = 500;

/** The element of a stream with which it fails: official clients throw what its `code` and `status` say. */
export function writeError({ message, type = "", code = "" }: AnswerError): JsonObject {
  const httpStatus = CODES.get(String(code)) ?? CODES.get(type) ?? UNKNOWN;
  return { error: { code: httpStatus, message, status: googleStatusName(httpStatus) } };
}
