import { type SecretPatterns, secretPatterns } from "../../core/redact/secret-patterns.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import { McpError, tookTooLong } from "./errors.ts";
import { discoverTokenEndpoint, fetchJson, type TokenEndpoint } from "./oauth-discovery.ts";
import { bindSignal, orAborted } from "./session-requests.ts";
import type { OAuthClient, SessionOptions } from "./session.ts";

/** A token, and what is looked for so that nobody sees it. */
export interface AccessToken {
  readonly value: string;
  readonly patterns: SecretPatterns;
}

/** The tokens of one OAuth client for one server. */
export interface TokenSource {
  /**
   * The token to send; a new one if there is none or its end is near. Undefined if it is not known where tokens come from,
   * before the server has refused a request.
   * @throws McpError `unauthorized`, or the signal's reason
   */
  current(signal: AbortSignal): Promise<AccessToken | undefined>;
  /**
   * A token in place of one that the server refused; undefined if there is none that it has not refused just now.
   * @param metadataUrl where the server says its metadata are
   * @throws McpError `unauthorized`, or the signal's reason
   */
  renewed(
    refused: AccessToken | undefined,
    metadataUrl: string | undefined,
    signal: AbortSignal,
  ): Promise<AccessToken | undefined>;
  /** The tokens that a server may know. */
  known(): readonly AccessToken[];
}

export interface TokenSourceParts {
  readonly fetch: SessionOptions["fetch"];
  readonly timers: TimerSource;
  /** How long it may take to get a token, in milliseconds. */
  readonly timeoutMs: number;
}

/** A token is renewed so long before its end, or after half its life. */
const MARGIN_MS = 60_000;

/** A token that is refused so soon after it was issued is not renewed: the next one would be refused too. */
const MIN_AGE_MS = 5000;

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
const ERROR_CODES: ReadonlySet<unknown> = new Set([
  ...["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"],
  ...["invalid_scope", "invalid_target"],
]);

/** `token68`: https://www.rfc-editor.org/rfc/rfc6750#section-2.1, and what is sent as it is besides. */
const TOKEN = /^[\x21-\x7e]+$/;

interface IssuedToken extends AccessToken {
  readonly issuedAt: number;
  /** From then on a new one is got. */
  readonly staleAt: number;
  readonly endsAt: number;
}

/** @param serverUrl what the tokens are for */
export function createTokenSource(serverUrl: string, oauth: OAuthClient, parts: TokenSourceParts): TokenSource {
  const { fetch, timers, timeoutMs } = parts;
  let endpoint: TokenEndpoint | undefined =
    oauth.tokenUrl === undefined ? undefined : { url: oauth.tokenUrl, wantsBody: false, resource: undefined };
  let token: IssuedToken | undefined;
  /** Calls that began with it may still be answered. */
  let previous: IssuedToken | undefined;
  let pending: Promise<IssuedToken | undefined> | undefined;
  /** No metadata are where they should be: only the server itself can say where they are. */
  let isUnknown = false;

  const fetchToken = async (metadataUrl: string | undefined, signal: AbortSignal): Promise<IssuedToken | undefined> => {
    endpoint ??= await discoverTokenEndpoint(fetch, serverUrl, metadataUrl, signal);
    isUnknown = !endpoint;
    if (!endpoint) return undefined;
    const issuedAt = timers.now();
    const { value, lifeMs } = await requestToken(fetch, endpoint, oauth, serverUrl, signal);
    const staleAt = issuedAt + Math.max(lifeMs / 2, lifeMs - MARGIN_MS);
    return { value, patterns: secretPatterns(value), issuedAt, staleAt, endsAt: issuedAt + lifeMs };
  };

  /** Concurrent callers share one request, which none of them can abort. */
  const refresh = (metadataUrl: string | undefined, signal: AbortSignal): Promise<IssuedToken | undefined> => {
    const begin = async (): Promise<IssuedToken | undefined> => {
      const never = new AbortController().signal;
      const bound = bindSignal(timers, never, timeoutMs, () => tookTooLong(timeoutMs, "MCP_CLIENT_TIMEOUT"));
      try {
        const issued = await orAborted(fetchToken(metadataUrl, bound.signal), bound.signal);
        if (issued) [previous, token] = [token, issued];
        return issued;
      } finally {
        bound.release();
        pending = undefined;
      }
    };
    return orAborted((pending ??= begin()), signal);
  };

  return {
    async current(signal) {
      const now = timers.now();
      if (isUnknown || (token && now < token.staleAt)) return token;
      try {
        return await refresh(undefined, signal);
      } catch (error) {
        if (signal.aborted || !token || timers.now() >= token.endsAt) throw error;
        return token;
      }
    },
    async renewed(refused, metadataUrl, signal) {
      if (pending) return refresh(undefined, signal);
      if (token && token !== refused) return token;
      if (token && timers.now() - token.issuedAt < MIN_AGE_MS) return undefined;
      const issued = await refresh(metadataUrl, signal);
      if (!issued) throw new McpError("unauthorized", "names no place where tokens are got (MCP_<NAME>_TOKEN_URL)");
      return issued;
    },
    known: () => [token, previous].filter((known) => known !== undefined),
  };
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2, for one resource: https://www.rfc-editor.org/rfc/rfc8707 */
async function requestToken(
  fetch: SessionOptions["fetch"],
  { url, wantsBody, resource }: TokenEndpoint,
  { clientId, clientSecret, scope }: OAuthClient,
  serverUrl: string,
  signal: AbortSignal,
): Promise<{ readonly value: string; readonly lifeMs: number }> {
  const { origin, pathname } = new URL(serverUrl);
  const form = new URLSearchParams({ grant_type: "client_credentials", resource: resource ?? origin + pathname });
  if (scope !== undefined) form.set("scope", scope);
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  if (wantsBody) {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  } else {
    const credentials = [clientId, clientSecret].map(formEncoded).join(":");
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }
  const init = { method: "POST", headers, body: form.toString(), signal };
  const { status, body } = await fetchJson(fetch, url, "authorization server", init);
  const { access_token: value, expires_in: seconds, error } = body ?? {};
  if (status !== 200 || typeof value !== "string" || !TOKEN.test(value)) {
    const code = ERROR_CODES.has(error) ? ` (${String(error)})` : "";
    const answer = status === 200 ? "without a token" : `with status ${status}${code}`;
    throw new McpError("unauthorized", `has an authorization server that answered ${answer}`);
  }
  const life = typeof seconds === "number" || typeof seconds === "string" ? Number(seconds) : NaN;
  return { value, lifeMs: Number.isFinite(life) && life > 0 ? life * 1000 : Infinity };
}

/** Each part of the credentials: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
