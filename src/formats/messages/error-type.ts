import type { AnswerError } from "../form/answer.ts";

/** https://docs.anthropic.com/en/api/errors */
const KNOWN: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "authentication_error",
  "billing_error",
  "permission_error",
  "not_found_error",
  "request_too_large",
  "rate_limit_error",
  "timeout_error",
  "api_error",
  "overloaded_error",
]);

/** What other wires call the same, as type or as code. */
const SAME: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    rate_limit_exceeded: "rate_limit_error",
    too_many_requests: "rate_limit_error",
    insufficient_quota: "billing_error",
    invalid_api_key: "authentication_error",
    context_length_exceeded: "invalid_request_error",
    invalid_prompt: "invalid_request_error",
    model_not_found: "not_found_error",
    overloaded: "overloaded_error",
    server_overloaded: "overloaded_error",
    timeout: "timeout_error",
  }),
);

/** The type of an error by the words of this wire; a code of another wire says more than its type. */
export function errorType({ type, code }: AnswerError): string {
  const byCode = code === undefined ? undefined : SAME.get(String(code));
  if (byCode !== undefined) return byCode;
  if (type === undefined) return "api_error";
  return KNOWN.has(type) ? type : (SAME.get(type) ?? "api_error");
}
