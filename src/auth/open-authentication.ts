import { SettingError } from "../core/errors.ts";
import type { ReadFile } from "../core/read-files.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import type { FetchDocument } from "./fetch-document.ts";
import { fetchIssuerKeys, type IssuerSource, describeNames } from "./fetch-issuer-keys.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import { readStaticKeys, type StaticKeys } from "./static-keys.ts";
import { createTokenVerifier, type TokenRules, type VerifyToken } from "./verify-token.ts";
import { decodeJwt } from "jose";
import { unauthorized } from "./unauthorized.ts";

/** Whose credentials are good; each may be left out. */
export interface AuthenticationOptions {
  /** Static keys, or `@` and the path of their file, as `AUTH_API_KEYS` has them. */
  readonly apiKeys?: string | undefined;
  readonly issuers: readonly IssuerOptions[];
}

/** An OpenID Connect issuer, where its keys are found, and which of its tokens are good. */
export interface IssuerOptions extends IssuerSource, Omit<TokenRules, "clock"> {
  /** How long its known keys are still used while it cannot be asked, in milliseconds. */
  readonly graceMs: number;
}

/** Authentication as the options ask for it. */
export interface Authentication {
  readonly authenticate: Authenticate;
  /** Asks the issuers for their keys ahead of the first token. */
  warm(): void;
  /** What it knows of its issuers, for whoever comes after it. */
  readonly issuers: readonly OpenIssuer[];
}

/** An issuer, with the keys of it that are known. */
export interface OpenIssuer {
  readonly options: IssuerOptions;
  readonly fetch: FetchDocument;
  readonly verifyToken: VerifyToken;
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
  /** Called when an issuer stops or starts to answer; undefined means that it answers. */
  readonly onIssuerChange: (issuer: string, problem: string | undefined) => void;
  /** Called when the discovery document of an issuer calls it by another name than its tokens must have. */
  readonly onOtherName: (issuer: string, otherName: string) => void;
}

/**
 * Throws {@link SettingError} if the static keys cannot be read.
 * @param previous that before the settings were read again: the keys of the same issuers are not asked for anew.
 */
export function openAuthentication(
  options: AuthenticationOptions,
  parts: AuthenticationParts,
  previous?: Authentication,
): Authentication {
  const staticKeys = loadStaticKeys(options.apiKeys, parts.readFile);
  const issuers = options.issuers.map(
    (issuer) =>
      previous?.issuers.find((known) => known.fetch === parts.fetch && Bun.deepEquals(known.options, issuer)) ??
      openIssuer(issuer, parts),
  );
  const verifiers = new Map(issuers.map(({ options: { issuer: name }, verifyToken }) => [name, verifyToken]));
  return {
    authenticate: createAuthenticate({
      staticKeys: () => staticKeys,
      verifyToken: issuers.length > 0 ? verifyByIssuer(verifiers) : undefined,
      now: parts.now,
      clock: parts.clock,
    }),
    warm() {
      for (const issuer of issuers) issuer.warm();
    },
    issuers,
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

function openIssuer(options: IssuerOptions, parts: AuthenticationParts): OpenIssuer {
  const { issuer: name, graceMs } = options;
  const { fetch, now, clock } = parts;
  let knownAs: string | undefined;
  const keys = createIssuerKeys({
    async fetchKeys() {
      const { keySet, otherName } = await fetchIssuerKeys(options, fetch);
      if (otherName !== undefined && otherName !== knownAs) parts.onOtherName(name, otherName);
      knownAs = otherName;
      return keySet;
    },
    now,
    graceMs,
    onChange: (problem) => parts.onIssuerChange(name, problem),
  });
  return {
    options,
    fetch,
    verifyToken: createTokenVerifier(keys, { ...options, clock }),
    warm: () => void keys.current().catch(() => {}),
  };
}

/**
 * Has each token checked by the rules and keys of the issuer that it names. What it names is believed only then.
 * @param verifiers by the issuers, exactly as their tokens name them
 */
function verifyByIssuer(verifiers: ReadonlyMap<string, VerifyToken>): VerifyToken {
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
