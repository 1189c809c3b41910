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
  /** What it knows of the issuer, for whoever comes after it. */
  readonly issuer: OpenIssuer;
}

/** An issuer, with the keys of it that are known. */
export interface OpenIssuer {
  readonly options: IssuerOptions | undefined;
  readonly fetch: FetchDocument;
  /** Absent if there is no issuer. */
  readonly verifyToken: VerifyToken | undefined;
  warm(): void;
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

/**
 * Throws {@link SettingError} if the static keys cannot be read.
 * @param previous that before the settings were read again: the keys of the same issuer are not asked for anew.
 */
export function openAuthentication(
  options: AuthenticationOptions,
  parts: AuthenticationParts,
  previous?: Authentication,
): Authentication {
  const staticKeys = loadStaticKeys(options.apiKeys, parts.readFile);
  const known = previous?.issuer;
  const isKnown = known?.fetch === parts.fetch && Bun.deepEquals(known.options, options.issuer);
  const issuer = known && isKnown ? known : openIssuer(options.issuer, parts);
  return {
    authenticate: createAuthenticate({
      staticKeys: () => staticKeys,
      verifyToken: issuer.verifyToken,
      now: parts.now,
      clock: parts.clock,
    }),
    warm: issuer.warm,
    issuer,
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
  options: IssuerOptions | undefined,
  { fetch, now, clock, onIssuerChange }: AuthenticationParts,
): OpenIssuer {
  if (options === undefined) return { options, fetch, verifyToken: undefined, warm() {} };
  const keys = createIssuerKeys({
    fetchKeys: () => fetchIssuerKeys(options.url, fetch),
    now,
    graceMs: options.graceMs,
    onChange: onIssuerChange,
  });
  return {
    options,
    fetch,
    verifyToken: createTokenVerifier(keys, { issuer: options.url, audiences: options.audiences, clock }),
    warm: () => void keys.current().catch(() => {}),
  };
}
