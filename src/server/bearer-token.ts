import { bearer } from "@elysiajs/bearer";

/** The bearer token of a request; undefined where there is none. */
export type ReadBearerToken = (request: Request) => string | undefined;

/** As much of a context as the plugin's hook reads, and what it makes of it. */
type BearerHook = (context: {
  readonly headers: { readonly authorization: string };
  readonly query: Readonly<Record<string, never>>;
}) => { readonly bearer: string | undefined };

const SCHEME = /^bearer +/i;

/** The form that the plugin reads, which nearly all clients send. */
const READABLE = /^Bearer [^ ]/;

const NO_QUERY = {};

/**
 * What reads bearer tokens: the hook of `@elysiajs/bearer`, called by hand. Mounted, it would have Elysia make an object
 * of all headers of each request and await what is there at once: a quarter of what it costs to serve a request. The hook
 * alone would also refuse the scheme in lower case (RFC 9110 section 11.1 makes it case-insensitive), accept
 * `Bearertoken`, and read tokens from the query, where they end in access logs: so it sees no other form than its own,
 * and no query.
 */
export function createReadBearerToken(): ReadBearerToken {
  const { transform = [] } = bearer({ extract: { header: "Bearer" } }).event;
  const hook = transform[0]?.fn as unknown as BearerHook | undefined;
  if (!hook || transform.length > 1) throw new Error("@elysiajs/bearer is not the plugin that is known here");
  return (request) => {
    const given = request.headers.get("authorization");
    if (given === null) return undefined;
    const authorization = READABLE.test(given) ? given : readable(given);
    if (authorization === undefined) return undefined;
    return hook({ headers: { authorization }, query: NO_QUERY }).bearer;
  };
}

/** @returns undefined where the header holds no bearer token. */
function readable(authorization: string): string | undefined {
  const token = SCHEME.test(authorization) ? authorization.replace(SCHEME, "") : "";
  return token === "" ? undefined : `Bearer ${token}`;
}
