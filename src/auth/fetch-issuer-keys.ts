import type { JSONWebKeySet } from "jose";
import { isJsonObject } from "../core/json/parse.ts";
import { type FetchDocument, fetchIssuerDocument, isAsSafe } from "./fetch-document.ts";

const TIMEOUT_MS = 5000;

/** Issuers have a few. All are copied and looked at in one turn of the event loop: 75,000 took 0.2 s of it. */
const MAX_KEYS = 1000;

/** Where the keys of an issuer are found. */
export interface IssuerSource {
  /** The issuer, exactly as its tokens name it. */
  readonly issuer: string;
  /** Where its discovery document is, if not below its name. */
  readonly discoveryUrl?: string | undefined;
  /** Where its key set is, if no discovery document is to be asked. */
  readonly keysUrl?: string | undefined;
  readonly followsRedirects?: boolean | undefined;
}

export interface IssuerDocuments {
  readonly keySet: JSONWebKeySet;
  /** What the discovery document calls the issuer, if that is not its name: only if the operator set its URL. */
  readonly otherName: string | undefined;
}

/**
 * The issuer's public keys, found through its discovery document.
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @param timeoutMs how long each of the two documents may take, to its last byte.
 * @throws Error whose message names the document that could not be fetched, and why.
 */
export async function fetchIssuerKeys(
  source: IssuerSource,
  fetchDocument: FetchDocument,
  timeoutMs: number = TIMEOUT_MS,
): Promise<IssuerDocuments> {
  const { followsRedirects = false } = source;
  const fetchJson = (url: string, what: string) =>
    fetchIssuerDocument(url, what, { fetchDocument, timeoutMs, followsRedirects });
  const { keysUrl, otherName } = source.keysUrl
    ? { keysUrl: source.keysUrl, otherName: undefined }
    : await discover(source, fetchJson);
  const { keys } = await fetchJson(keysUrl, "key set");
  if (!Array.isArray(keys)) throw new Error("the key set holds no keys");
  if (keys.length > MAX_KEYS)
    throw new Error(`the key set holds ${keys.length} keys; at most ${MAX_KEYS} are accepted`);
  return { keySet: { keys: keys.filter(isJsonObject) as JSONWebKeySet["keys"] }, otherName };
}

async function discover(
  { issuer, discoveryUrl }: IssuerSource,
  fetchJson: (url: string, what: string) => ReturnType<typeof fetchIssuerDocument>,
): Promise<{ readonly keysUrl: string; readonly otherName: string | undefined }> {
  const url = discoveryUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const configuration = await fetchJson(url, "discovery document");
  const name = configuration["issuer"];
  // A document that speaks for another issuer must not decide which keys are trusted, unless the operator chose it.
  if (name !== issuer && (discoveryUrl === undefined || typeof name !== "string")) {
    throw new Error(`the discovery document names another issuer: ${describeNames(name, [issuer])}${ADVICE}`);
  }
  const keysUrl = configuration["jwks_uri"];
  if (typeof keysUrl !== "string" || !isAsSafe(keysUrl, url)) {
    throw new Error("the discovery document has no acceptable jwks_uri");
  }
  return { keysUrl, otherName: name === issuer ? undefined : name };
}

const ADVICE =
  ". AUTH_OIDC_ISSUER must be what the tokens say; if the issuer is reached by another name, set AUTH_OIDC_DISCOVERY_URL";

/** What may be shown of a name: a URL of printable ASCII, without what could hold a secret. */
const SHOWABLE = /^https?:\/\/[\x21-\x7e]{1,200}$/i;

/**
 * Says for the log how the name that an issuer goes by differs from the configured ones.
 * @param given as a token or a discovery document has it: of whoever sent it, and of any length
 * @param configured the values of `AUTH_OIDC_ISSUER`
 */
export function describeNames(given: unknown, configured: readonly string[]): string {
  if (typeof given !== "string" || !SHOWABLE.test(given) || /[?#@]/.test(given)) return "its name is not a plain URL";
  const names = `it says ${given}, AUTH_OIDC_ISSUER is ${configured.join(", ")}`;
  const near = configured.some((name) => withoutSlash(name) === withoutSlash(given));
  return near ? `${names}; they differ by the slash at the end only, and must be the same` : names;
}

function withoutSlash(name: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}
