import type { ClientRequest } from "../core/client-request.ts";
/** Headers that hold a credential and nothing else: `x-api-key` as Anthropic's clients send it, `api-key` as Azure's do. */
const KEY_HEADERS = ["x-api-key", "api-key"] as const;

/**
 * Every credential of a request, in the order in which they are tried: the bearer token, `x-api-key`, `api-key`. Clients
 * send several if a token for somebody else is configured beside the key of this gateway. An empty header is none.
 */
export function credentialsOf(request: ClientRequest): readonly string[] {
  return headerCredentials(request);
}

/** Google's name of such a header. https://ai.google.dev/api#authentication */
const GOOGLE_HEADER = "x-goog-api-key";

/**
 * The same of a request that may be one of Google's clients: behind those of all others, `x-goog-api-key`, and the `key` of
 * the query. That one is taken on a few routes alone, as some clients know no other way; the gateway writes no query down
 * and sends this parameter to nobody, but what is before it may.
 * @param takesQuery whether this is one of those routes
 */
export function googleCredentialsOf(request: ClientRequest, takesQuery: boolean): readonly string[] {
  const credentials = headerCredentials(request);
  const header = request.headers.get(GOOGLE_HEADER);
  if (header !== null && header !== "") credentials.push(header);
  const start = takesQuery ? request.url.indexOf("?") : -1;
  const key = start < 0 ? null : new URLSearchParams(request.url.slice(start)).get("key");
  if (key !== null && key !== "") credentials.push(key);
  return credentials;
}

function headerCredentials(request: ClientRequest): string[] {
  const bearer = bearerToken(request);
  const credentials = bearer === undefined ? [] : [bearer];
  for (const name of KEY_HEADERS) {
    const key = request.headers.get(name);
    if (key !== null && key !== "") credentials.push(key);
  }
  return credentials;
}

const SCHEME = /^bearer +/i;

/** The form that nearly all clients send. */
const USUAL = "Bearer ";

const SPACE = 0x20;

/**
 * The bearer token of a request, from its `Authorization` header and from nowhere else: in a query or a form it would end
 * in access logs. The scheme may be in any case (https://www.rfc-editor.org/rfc/rfc9110#section-11.1) and is followed by
 * spaces; all that comes after them is the token, so that two headers, joined into one, are not taken for one of them.
 * Whether it can be a credential at all is for authentication to judge.
 *
 * In place of `@elysiajs/bearer`, which refuses the scheme in lower case, takes `Bearertoken`, reads the query, and has
 * Elysia make objects of all headers and of the query of each request: mounted as its documentation shows it costs 2.3 µs
 * of CPU a request, of 12.0 that a bare route of Elysia spends with this.
 * @returns undefined if there is none
 */
export function bearerToken({ headers }: ClientRequest): string | undefined {
  const authorization = headers.get("authorization");
  if (authorization === null) return undefined;
  if (authorization.startsWith(USUAL) && authorization.charCodeAt(USUAL.length) !== SPACE) {
    return authorization.slice(USUAL.length) || undefined;
  }
  const scheme = SCHEME.exec(authorization);
  return scheme ? authorization.slice(scheme[0].length) || undefined : undefined;
}
