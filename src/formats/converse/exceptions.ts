import type { AnswerError } from "../form/answer.ts";

/**
 * AWS's exceptions as types of errors that clients know.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
 */
const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    validation: "invalid_request_error",
    accessdenied: "permission_error",
    expiredtoken: "authentication_error",
    unrecognizedclient: "authentication_error",
    resourcenotfound: "not_found_error",
    throttling: "rate_limit_error",
    modelnotready: "rate_limit_error",
    servicequotaexceeded: "rate_limit_error",
    serviceunavailable: "overloaded_error",
    modeltimeout: "timeout_error",
  }),
);

/**
 * @param name `throttlingException`, `ThrottlingException` or `ThrottlingException:http://…`; undefined if there is none
 * @param message undefined if nothing was said
 */
export function toAnswerError(name: string | undefined, message: string | undefined): AnswerError {
  const code = name?.split(":", 1)[0] || undefined;
  const word = code?.toLowerCase().replace(/exception$/, "") ?? "";
  return {
    message: message || `The provider failed${code === undefined ? " and did not say why" : ` with ${code}`}.`,
    type: TYPES.get(word) ?? "api_error",
    code,
  };
}
