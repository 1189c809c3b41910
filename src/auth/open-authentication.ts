import { BadSetting } from "../config/setting-problem.ts";
import type { ReadFile } from "../config/read-files.ts";
import type { Settings } from "../config/settings-table.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { type FetchDocument, fetchIssuerKeys } from "./fetch-issuer-keys.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import { readStaticKeys, type StaticKeys } from "./static-keys.ts";
import { createTokenVerifier, type VerifyToken } from "./verify-token.ts";

/** Authentication as the settings ask for it. */
export interface Authentication {
  readonly authenticate: Authenticate;
  /** Asks the issuer for its keys ahead of the first token. */
  warm(): void;
  /** Reads the static keys again. Throws {@link BadSetting}, and keeps the old ones, where they cannot be read. */
  reload(): void;
}

export interface AuthenticationParts {
  readonly fetch: FetchDocument;
  /** Reads the file of static keys. */
  readonly readFile: ReadFile;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Told when the issuer stops or starts to answer; undefined means that it answers. */
  readonly onIssuerChange: (problem: string | undefined) => void;
}

/** Throws {@link BadSetting} where the static keys cannot be read. */
export function openAuthentication(settings: Settings, parts: AuthenticationParts): Authentication {
  let staticKeys = loadStaticKeys(settings.AUTH_API_KEYS, parts.readFile);
  const issuer = openIssuer(settings, parts);
  return {
    authenticate: createAuthenticate({
      staticKeys: () => staticKeys,
      verifyToken: issuer?.verifyToken,
      now: parts.now,
      clock: parts.clock,
    }),
    warm() {
      issuer?.warm();
    },
    reload() {
      staticKeys = loadStaticKeys(settings.AUTH_API_KEYS, parts.readFile);
    },
  };
}

function loadStaticKeys(setting: string | undefined, readFile: ReadFile): StaticKeys | undefined {
  if (setting === undefined) return undefined;
  try {
    return readStaticKeys(setting, readFile);
  } catch (error) {
    throw new BadSetting("AUTH_API_KEYS", error instanceof Error ? error.message : String(error));
  }
}

function openIssuer(
  settings: Settings,
  { fetch, now, clock, onIssuerChange }: AuthenticationParts,
): { readonly verifyToken: VerifyToken; readonly warm: () => void } | undefined {
  const issuer = settings.AUTH_OIDC_ISSUER;
  if (issuer === undefined) return undefined;
  const keys = createIssuerKeys({
    fetchKeys: () => fetchIssuerKeys(issuer, fetch),
    now,
    graceMs: settings.AUTH_JWKS_GRACE,
    onChange: onIssuerChange,
  });
  const given = settings.AUTH_OIDC_AUDIENCE;
  const audiences = given.length > 0 ? given : [settings.AUTH_OIDC_CLIENT_ID ?? ""];
  return {
    verifyToken: createTokenVerifier(keys, { issuer, audiences, clock }),
    warm: () => void keys.current().catch(() => {}),
  };
}
