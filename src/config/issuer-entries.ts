import type { Settings } from "./settings-table.ts";

/** Whether an entry of a list is for one issuer only: `issuer=value`. */
function isNamed(entry: string, issuer: string): boolean {
  return entry.startsWith(`${issuer}=`);
}

/**
 * The entries of a list that are for one issuer: those that name it, and, if there are none, those that name no issuer.
 * @param entries each `value`, or `issuer=value`
 * @param issuers all issuers, of which `issuer` is one
 */
export function entriesFor(issuer: string, entries: readonly string[], issuers: readonly string[]): readonly string[] {
  const own = entries.filter((entry) => isNamed(entry, issuer)).map((entry) => entry.slice(issuer.length + 1));
  return own.length > 0 ? own : entries.filter((entry) => !issuers.some((other) => isNamed(entry, other)));
}

/** What is wrong with the settings for issuers, as `findConflicts` has it. */
export function findIssuerConflicts(settings: Settings): readonly (readonly [broken: boolean, problem: string])[] {
  const issuers = settings.AUTH_OIDC_ISSUER;
  const audiences = (issuer: string) => entriesFor(issuer, settings.AUTH_OIDC_AUDIENCE, issuers);
  const hasAudiences = (issuer: string): boolean =>
    audiences(issuer).length > 0 ||
    (settings.AUTH_OIDC_AUDIENCE.length === 0 && settings.AUTH_OIDC_CLIENT_ID !== undefined);
  const claims = settings.AUTH_OIDC_AUDIENCE_CLAIM;
  return [
    [
      !issuers.every(isIssuerUrl),
      "AUTH_OIDC_ISSUER must be an http or https URL without credentials, query or fragment",
    ],
    [
      settings.AUTH_ENABLED && !issuers.every(hasAudiences),
      "AUTH_OIDC_ISSUER needs AUTH_OIDC_CLIENT_ID or AUTH_OIDC_AUDIENCE: without an audience a token for any other service would do",
    ],
    [
      claims.length === 0 || !claims.every((claim) => CLAIM.test(claim)),
      "AUTH_OIDC_AUDIENCE_CLAIM must list names of claims, such as aud, client_id or azp",
    ],
    ...(["AUTH_OIDC_DISCOVERY_URL", "AUTH_OIDC_JWKS_URL"] as const).map((name) => {
      const problem = findUrlProblem(name, settings[name], issuers);
      return [problem !== undefined, problem ?? ""] as const;
    }),
  ];
}

const CLAIM = /^[\w.:/-]{1,128}$/;

function isIssuerUrl(text: string): boolean {
  return isDocumentUrl(text) && new URL(text).search === "";
}

/**
 * What is wrong with the URLs that a setting has for issuers; undefined if nothing is.
 * @param name the setting, which has at most one URL for each issuer
 */
function findUrlProblem(name: string, entries: readonly string[], issuers: readonly string[]): string | undefined {
  if (entries.length > 0 && issuers.length === 0) return `${name} needs AUTH_OIDC_ISSUER: the name that tokens have`;
  const unnamed = entries.filter((entry) => !issuers.some((issuer) => isNamed(entry, issuer)));
  if (unnamed.length > 0 && issuers.length > 1) {
    return `${name} must say for which issuer of AUTH_OIDC_ISSUER each URL is: issuer=URL`;
  }
  for (const issuer of issuers) {
    const urls = entriesFor(issuer, entries, issuers);
    if (urls.length > 1) return `${name} has several URLs for one issuer`;
    if (!urls.every(isDocumentUrl)) return `${name} must be an http or https URL without credentials or fragment`;
  }
  return undefined;
}

/** Some issuers tell their tenants or policies apart by a query. */
function isDocumentUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && `${hash}${username}${password}` === "";
}
