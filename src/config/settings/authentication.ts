import type { SettingRows } from "../setting-row.ts";

/** Who may use the gateway. */
export const AUTHENTICATION_SETTINGS = {
  AUTH_ENABLED: {
    group: "Authentication",
    type: "boolean",
    default: "false",
    doc: "Refuse every request without a token of an issuer or one of AUTH_API_KEYS, except health checks and the page at /swagger",
    aliases: ["AUTH_ENABLE", "ENABLE_AUTH"],
  },
  AUTH_OIDC_ISSUER: {
    group: "Authentication",
    type: "list",
    doc: "URLs of the OpenID Connect issuers, exactly as their tokens name them",
    aliases: ["OIDC_ISSUER_URL"],
  },
  AUTH_OIDC_CLIENT_ID: {
    group: "Authentication",
    type: "string",
    doc: "Audience that tokens must be for, whoever issued them",
    aliases: ["OIDC_CLIENT_ID"],
  },
  AUTH_OIDC_CLIENT_SECRET: {
    group: "Authentication",
    type: "string",
    secret: true,
    doc: "Accepted and not used: tokens are checked with the issuer's public keys",
    aliases: ["OIDC_CLIENT_SECRET"],
  },
  AUTH_OIDC_AUDIENCE: {
    group: "Authentication",
    type: "list",
    doc: "Audiences that tokens may be for, instead of AUTH_OIDC_CLIENT_ID; issuer=audience is for the tokens of one issuer only",
  },
  AUTH_OIDC_AUDIENCE_CLAIM: {
    group: "Authentication",
    type: "list",
    default: "aud",
    doc: "Claims of a token of which one must hold its audience: aud, or where else the issuer puts the client (client_id, azp, cid, appid)",
  },
  AUTH_OIDC_TOKEN_TYPES: {
    group: "Authentication",
    type: "list",
    default: "JWT,at+jwt",
    doc: "Types (typ) of tokens that are good, with or without application/; so is a token that says none",
  },
  AUTH_OIDC_DISCOVERY_URL: {
    group: "Authentication",
    type: "list",
    doc: "Where the issuer's discovery document is, if not below its name; with several issuers, issuer=URL for each that needs it",
  },
  AUTH_OIDC_JWKS_URL: {
    group: "Authentication",
    type: "list",
    doc: "Where the issuer's key set is, if no discovery document is to be asked; with several issuers, issuer=URL",
  },
  AUTH_OIDC_FOLLOW_REDIRECTS: {
    group: "Authentication",
    type: "boolean",
    default: "false",
    doc: "Follow up to three redirects on the way to discovery document and key set, never from https to http",
  },
  AUTH_API_KEYS: {
    group: "Authentication",
    type: "string",
    secret: "wholly",
    doc: "Static keys, each key or name:key, separated by commas; or @/path/file with one on each line, read again on SIGHUP",
    aliases: ["API_KEY"],
    // That was one key, in which neither a colon nor an @ has a meaning.
    aliasForm: {
      expected: "one key, without commas",
      translate: (key) => (key.includes(",") ? undefined : `:${key}`),
    },
  },
  AUTH_JWKS_GRACE: {
    group: "Authentication",
    type: "duration",
    range: ["0s", "24h"],
    default: "1h",
    doc: "How long an issuer's known keys go on being used while it cannot be asked",
  },
} as const satisfies SettingRows;
