import { errorWordOf } from "../core/error-code.ts";
import { isJsonObject, type JsonObject, parseBytes, toWellFormed } from "../core/json/parse.ts";
import { readBoundedBody } from "../core/read-bounded-body.ts";

/** Discovery documents and key sets are small; a longer answer is not one. */
const MAX_BYTES = 1024 * 1024;

const MAX_REDIRECTS = 3;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export type FetchDocument = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface DocumentOptions {
  readonly fetchDocument: FetchDocument;
  /** How long a document may take, redirects included, to its last byte. */
  readonly timeoutMs: number;
  readonly followsRedirects: boolean;
}

/**
 * Fetches a JSON object of the issuer. Credentials, proxies of the environment and cookies have no part in it.
 * @param what what it is called in errors
 * @throws Error whose message names the document and why it cannot be had.
 */
export async function fetchIssuerDocument(url: string, what: string, options: DocumentOptions): Promise<JsonObject> {
  const refuse = (reason: string): never => {
    throw new Error(`the issuer's ${what} ${reason}`);
  };
  const response = await fetchFinal(url, options, refuse);
  const bytes = await readBoundedBody(response, MAX_BYTES).catch(() => undefined);
  if (!bytes) return refuse("broke off or is too long");
  const parsed = await parseBytes(toWellFormed(bytes));
  if ("value" in parsed) return isJsonObject(parsed.value) ? parsed.value : refuse("is not a JSON object");
  const { fault } = parsed;
  return refuse(fault === "depth" || fault === "values" ? "is nested too deeply or too large" : "is not JSON");
}

/** The response with status 200 and so on, after as many redirects as are allowed. */
async function fetchFinal(
  first: string,
  { fetchDocument, timeoutMs, followsRedirects }: DocumentOptions,
  refuse: (reason: string) => never,
): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs);
  const redirects = followsRedirects ? MAX_REDIRECTS : 0;
  for (let url = first, followed = 0; ; followed++) {
    const response = await fetchDocument(url, {
      headers: { accept: "application/json" },
      redirect: "manual",
      proxy: false,
      signal,
    }).catch((error: unknown) =>
      refuse(
        signal.aborted ? `did not come within ${timeoutMs / 1000} s` : `cannot be fetched (${errorWordOf(error)})`,
      ),
    );
    if (response.ok) return response;
    await response.body?.cancel();
    const answered = `was answered with status ${response.status}`;
    const target = REDIRECTS.has(response.status) ? redirectTarget(url, response) : undefined;
    if (target === undefined) return refuse(answered);
    const shown = `${answered}, a redirect to ${target.origin}${target.pathname}`;
    if (!followsRedirects) return refuse(`${shown}, which AUTH_OIDC_FOLLOW_REDIRECTS=true follows`);
    if (!isAsSafe(target.href, url)) return refuse(`${shown}, which is not as safe`);
    if (followed === redirects) return refuse(`${shown}, after ${redirects} others`);
    url = target.href;
  }
}

function redirectTarget(from: string, { headers }: Response): URL | undefined {
  const location = headers.get("location");
  return location !== null && URL.canParse(location, from) ? new URL(location, from) : undefined;
}

/** Documents may come over plain HTTP only if that is how they were looked for, and never from a file or similar. */
export function isAsSafe(url: string, from: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && new URL(from).protocol === "http:");
}
