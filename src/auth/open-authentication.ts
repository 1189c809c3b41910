import { SettingError } from "../core/errors.ts";
import type { ReadFile } from "../core/read-files.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { type FetchDocument, fetchIssuerKeys } from "./fetch-issuer-keys.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import { readStaticKeys, type StaticKeys } from "./static-keys.ts";
import { createTokenVerifier, type VerifyToken } from "./verify-token.ts";

/** Whose credentials are good; each may be left out. */
export interface AuthenticationOptions {
  /** Static keys, or `@` and the path of their file, as `AUTH_API_KEYS` has them. */
  readonly apiKeys?: string | undefined;
  readonly issuer?: IssuerOptions | undefined;
}

/** An OpenID Connect issuer, and which of its tokens are good. */
export interface IssuerOptions {
  /** Exactly as its tokens name it. */
  readonly url: string;
  readonly audiences: readonly string[];
  /** How long its known keys are still used while it cannot be asked, in milliseconds. */
  readonly graceMs: number;
}

/** Authentication as the options ask for it. */
export interface Authentication {
  readonly authenticate: Authenticate;
  /** Asks the issuer for its keys ahead of the first token. */
  warm(): void;
  /** Reads the static keys again. Throws {@link SettingError}, and keeps the old ones, if they cannot be read. */
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
  /** Called when the issuer stops or starts to answer; undefined means that it answers. */
  readonly onIssuerChange: (problem: string | undefined) => void;
}

/** Throws {@link SettingError} if the static keys cannot be read. */
export function openAuthentication(options: AuthenticationOptions, parts: AuthenticationParts): Authentication {
  let staticKeys = loadStaticKeys(options.apiKeys, parts.readFile);
  const issuer = openIssuer(options.issuer, parts);
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
      staticKeys = loadStaticKeys(options.apiKeys, parts.readFile);
    },
  };
}

function loadStaticKeys(setting: string | undefined, readFile: ReadFile): StaticKeys | undefined {
  if (setting === undefined) return undefined;
  try {
    return readStaticKeys(setting, readFile);
  } catch (error) {
    throw new SettingError("AUTH_API_KEYS", error instanceof Error ? error.message : String(error));
  }
}

function openIssuer(
  issuer: IssuerOptions | undefined,
  { fetch, now, clock, onIssuerChange }: AuthenticationParts,
): { readonly verifyToken: VerifyToken; readonly warm: () => void } | undefined {
  if (issuer === undefined) return undefined;
  const keys = createIssuerKeys({
    fetchKeys: () => fetchIssuerKeys(issuer.url, fetch),
    now,
    graceMs: issuer.graceMs,
    onChange: onIssuerChange,
  });
  return {
    verifyToken: createTokenVerifier(keys, { issuer: issuer.url, audiences: issuer.audiences, clock }),
    warm: () => void keys.current().catch(() => {}),
  };
}
