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

const CLOCK_TOLERANCE_SECONDS = 30;

export interface VerifiedToken {
  readonly identity: Principal;
  /** Unix time in seconds. */
  readonly expiresAt: number;
}

export interface TokenRules extends AudienceRules {
  readonly issuer: string;
  /** Media types of tokens that are good, with or without `application/`; a token that says none is good, too. */
  readonly types: readonly string[];
  /** The claim that says which team its holder is in; undefined if nobody wants to know. */
  readonly teamClaim?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Checks a JWT of the issuer. Throws `unauthorized` with the reason, or `authentication_unavailable`. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

export function createTokenVerifier(
  keys: IssuerKeys,
  { issuer, types, teamClaim, clock, ...audience }: TokenRules,
): VerifyToken {
  const acceptedTypes = new Set(types.map(withoutTree));

  const check = async (token: string, lookup: JWTVerifyGetKey): Promise<VerifiedToken> => {
    const options: JWTVerifyOptions = {
      issuer,
      algorithms: [...ALGORITHMS],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(clock()),
    };
    const { payload, protectedHeader } = await verifyWithAnyKey(token, lookup, options);
    requireAudience(payload, audience);
    requireType(protectedHeader.typ, acceptedTypes);
    const team = teamClaim === undefined ? undefined : payload[teamClaim];
    const ofTeam = typeof team === "string" && team !== "" ? { team } : {};
    return { identity: { kind: "token", name: subjectOf(payload), issuer, ...ofTeam }, expiresAt: payload.exp ?? 0 };
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
function requireType(type: unknown, accepted: ReadonlySet<string>): void {
  if (type === undefined || (typeof type === "string" && accepted.has(withoutTree(type)))) return;
  const detail = typeof type === "string" && MEDIA_TYPE.test(type) ? `its typ is ${type}` : "its typ is no media type";
  throw unauthorized("invalid_token", "the token is of another type", `${detail}, see AUTH_OIDC_TOKEN_TYPES`);
}

const MEDIA_TYPE = /^[\w.+/-]{1,64}$/;

/** A media type as it is compared; `application/` may be left out. https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9 */
function withoutTree(type: string): string {
  return type.toLowerCase().replace(/^application\//, "");
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
    nbf: "the token is not valid yet",
    exp: "the token has expired",
  };
  return problems[claim] ?? `the token's ${claim} is not acceptable`;
}

export interface AudienceRules {
  /** The claims that say whom a token is for. */
  readonly audienceClaims: readonly string[];
  /** One of those claims must hold one of these. */
  readonly audiences: readonly string[];
}

/** Where issuers put whom a token is for, beside `aud`: Keycloak and Google, Cognito, Okta, Entra ID. */
const KNOWN_CLAIMS = ["aud", "azp", "client_id", "cid", "appid"] as const;

/** Throws `unauthorized` unless a token with these claims is for the gateway. */
function requireAudience(payload: JWTPayload, { audienceClaims, audiences }: AudienceRules): void {
  const isFor = (claim: string): boolean => listOf(payload[claim]).some((name) => audiences.includes(name));
  if (audienceClaims.some(isFor)) return;
  const reason = audienceClaims.some((claim) => payload[claim] !== undefined)
    ? "the token is for another audience"
    : `the token has no ${audienceClaims.join(" or ")}`;
  const elsewhere = KNOWN_CLAIMS.find(isFor);
  const detail = elsewhere && `its ${elsewhere} would do, see AUTH_OIDC_AUDIENCE_CLAIM`;
  throw unauthorized("invalid_token", reason, detail);
}

function listOf(claim: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return values.filter((value) => typeof value === "string");
}
