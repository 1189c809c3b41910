import { Failure } from "../core/errors.ts";

/** Error codes of a refused bearer token. https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
export type BearerError = "invalid_request" | "invalid_token";

/**
 * The 401 of a request without an acceptable credential.
 * @param reason why, for the log and, in its general form, for the client; it must not repeat anything of the token.
 */
export function unauthorized(error?: BearerError, reason?: string): Failure {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}", error_description="${reason}"`;
  return new Failure("unauthorized", { headers: { "www-authenticate": challenge }, cause: reason ?? "no credential" });
}

/** If the issuer cannot be asked and none of its keys is known, nobody can say whether a token is good. */
export function authenticationUnavailable(cause: string): Failure {
  return new Failure("authentication_unavailable", { headers: { "retry-after": "5" }, cause });
}
