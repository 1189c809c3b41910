import type { JWTPayload } from "jose";
import { unauthorized } from "./unauthorized.ts";

export interface AudienceRules {
  /** The claims that say whom a token is for. */
  readonly audienceClaims: readonly string[];
  /** One of those claims must hold one of these. */
  readonly audiences: readonly string[];
}

/** Where issuers put whom a token is for, beside `aud`: Keycloak and Google, Cognito, Okta, Entra ID. */
const KNOWN_CLAIMS = ["aud", "azp", "client_id", "cid", "appid"] as const;

/** Throws `unauthorized` unless a token with these claims is for the gateway. */
export function requireAudience(payload: JWTPayload, { audienceClaims, audiences }: AudienceRules): void {
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
