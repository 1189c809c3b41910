import { Failure } from "../core/errors.ts";

/** Error codes of a refused bearer token. https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
export type BearerError = "invalid_request" | "invalid_token";

/**
 * The 401 of a request without an acceptable credential.
 * @param reason why, for client and log; it must not repeat anything of the token.
 * @param detail what the operator needs to know beyond that, for the log only.
 */
export function unauthorized(error?: BearerError, reason = "no credential", detail?: string): Failure {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}", error_description="${reason}"`;
  const cause = detail === undefined ? reason : `${reason}: ${detail}`;
  return new Failure("unauthorized", { headers: { "www-authenticate": challenge }, cause });
}

/** If the issuer cannot be asked and none of its keys is known, nobody can say whether a token is good. */
export function authenticationUnavailable(cause: string): Failure {
  return new Failure("authentication_unavailable", { headers: { "retry-after": "5" }, cause });
}
