import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from "jose";
import type { Principal } from "../core/request-context.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { unauthorized } from "./unauthorized.ts";

/** Signatures that a public key can check; a public key set has no shared secrets. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** Kinds of JWT that are access tokens, or say nothing of their kind. https://www.rfc-editor.org/rfc/rfc9068#section-2.1 */
const ACCEPTED_TYPES: ReadonlySet<string> = new Set(["jwt", "at+jwt", "application/at+jwt"]);

const CLOCK_TOLERANCE_SECONDS = 30;

export interface VerifiedToken {
  readonly identity: Principal;
  /** Unix time in seconds. */
  readonly expiresAt: number;
}

export interface TokenRules {
  readonly issuer: string;
  /** The token's audience must hold one of them. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Checks a JWT of the issuer. Throws `unauthorized` with the reason, or `authentication_unavailable`. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

export function createTokenVerifier(keys: IssuerKeys, { issuer, audiences, clock }: TokenRules): VerifyToken {
  const check = async (token: string, lookup: JWTVerifyGetKey): Promise<VerifiedToken> => {
    const options: JWTVerifyOptions = {
      issuer,
      audience: [...audiences],
      algorithms: [...ALGORITHMS],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock()),
    };
    const { payload, protectedHeader } = await verifyWithAnyKey(token, lookup, options);
    if (!isAcceptedType(protectedHeader.typ)) throw unauthorized("invalid_token", "the token is of another type");
    return { identity: { kind: "token", name: subjectOf(payload) }, expiresAt: payload.exp ?? 0 };
  };

  // The keys are asked for only after the text has proved to be a token: anything else is refused without them.
  const lookUp: JWTVerifyGetKey = async (header, token) => (await keys.current())(header, token);

  return async (token) => {
    try {
      return await check(token, lookUp);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw refuse(error);
    }
    // The issuer may have changed its keys since they were fetched.
    const renewed = await keys.renewed();
    if (!renewed) throw unauthorized("invalid_token", "the token names an unknown key");
    try {
      return await check(token, renewed);
    } catch (error) {
      throw refuse(error);
    }
  };
}

/** A token without a key id may fit several keys: each is tried. */
async function verifyWithAnyKey(token: string, lookup: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(token, lookup, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** @param type the header member as received: whatever the issuer signs, a string or not. */
function isAcceptedType(type: unknown): boolean {
  return type === undefined || (typeof type === "string" && ACCEPTED_TYPES.has(type.toLowerCase()));
}

function subjectOf({ sub, ...claims }: JWTPayload): string {
  const name = sub ?? claims["client_id"] ?? claims["azp"];
  return typeof name === "string" && name !== "" ? name : "unknown";
}

/** What jose found, in words of the gateway's own: its messages name claims and may quote them. */
function refuse(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthorized("invalid_token", "the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) return unauthorized("invalid_token", claimProblem(error));
  if (error instanceof errors.JOSEAlgNotAllowed)
    return unauthorized("invalid_token", "the token's algorithm is not allowed");
  if (error instanceof errors.JWKSNoMatchingKey) return unauthorized("invalid_token", "the token names an unknown key");
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return unauthorized("invalid_token", "the token's signature is wrong");
  }
  if (isUnusableKey(error)) return unauthorized("invalid_token", "the token's key is unusable");
  if (error instanceof errors.JOSEError) return unauthorized("invalid_token", "the token is malformed");
  return error;
}

/** Key sets may hold keys that are too short, broken, or private: these errors come from importing and using them. */
function isUnusableKey(error: unknown): boolean {
  return error instanceof errors.JWKSInvalid || error instanceof TypeError || error instanceof DOMException;
}

function claimProblem({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === "missing") return `the token has no ${claim}`;
  if (reason === "invalid") return `the token's ${claim} is malformed`;
  const problems: Readonly<Record<string, string>> = {
    iss: "the token is of another issuer",
    aud: "the token is for another audience",
    nbf: "the token is not valid yet",
    exp: "the token has expired",
  };
  return problems[claim] ?? `the token's ${claim} is not acceptable`;
}
