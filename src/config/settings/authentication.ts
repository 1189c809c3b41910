import type { SettingRows } from "../setting-row.ts";

/** Who may use the gateway. */
export const AUTHENTICATION_SETTINGS = {
  AUTH_ENABLED: {
    group: "Authentication",
    type: "boolean",
    default: "false",
    doc: "Refuse every request without a token of the issuer or one of AUTH_API_KEYS, except health checks",
    aliases: ["AUTH_ENABLE", "ENABLE_AUTH"],
  },
  AUTH_OIDC_ISSUER: {
    group: "Authentication",
    type: "string",
    doc: "URL of the OpenID Connect issuer, exactly as its tokens name it",
    aliases: ["OIDC_ISSUER_URL"],
  },
  AUTH_OIDC_CLIENT_ID: {
    group: "Authentication",
    type: "string",
    doc: "Audience that tokens must be for",
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
    doc: "Audiences that tokens may be for, instead of AUTH_OIDC_CLIENT_ID",
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
    doc: "How long the issuer's known keys go on being used while it cannot be asked",
  },
} as const satisfies SettingRows;
