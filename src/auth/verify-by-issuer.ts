import { decodeJwt } from "jose";
import { describeNames } from "./issuer-names.ts";
import { unauthorized } from "./unauthorized.ts";
import type { VerifyToken } from "./verify-token.ts";

/**
 * Has each token checked by the rules and keys of the issuer that it names. What it names is believed only then.
 * @param verifiers by the issuers, exactly as their tokens name them
 */
export function verifyByIssuer(verifiers: ReadonlyMap<string, VerifyToken>): VerifyToken {
  const names = [...verifiers.keys()];

  return async (token) => {
    const issuer = issuerOf(token);
    if (issuer === undefined) throw unauthorized("invalid_token", "the token has no iss");
    const verify = typeof issuer === "string" ? verifiers.get(issuer) : undefined;
    if (!verify) {
      throw unauthorized("invalid_token", "the token is of another issuer", describeNames(issuer, names));
    }
    return verify(token);
  };
}

function issuerOf(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw unauthorized("invalid_token", "the token is malformed");
  }
}
