import { invalidCredential } from "../credential-error.ts";

/** What a service account says of itself to get a token. */
export interface Assertion {
  readonly email: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  readonly keyId: string;
  readonly audience: string;
  readonly scope: string;
}

const ALGORITHM = "RS256";
const LIFETIME_SECONDS = 3600;

/**
 * Signs an assertion. https://www.rfc-editor.org/rfc/rfc7523
 * @param now milliseconds since the epoch
 * @throws CredentialError if the private key is none
 */
export async function signAssertion(assertion: Assertion, now: number): Promise<string> {
  const { importPKCS8, SignJWT } = await import("jose");
  const { email, privateKey, keyId, audience, scope } = assertion;
  const key = await importPKCS8(privateKey, ALGORITHM).catch(() => {
    throw invalidCredential("private_key of the Google credentials file is no key");
  });
  const seconds = Math.floor(now / 1000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: keyId })
    .setIssuer(email)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + LIFETIME_SECONDS)
    .sign(key);
}
