import { bearerToken } from "./bearer-token.ts";

/** Headers that hold a credential and nothing else: `x-api-key` as Anthropic's clients send it, `api-key` as Azure's do. */
const KEY_HEADERS = ["x-api-key", "api-key"] as const;

/**
 * Every credential of a request, in the order in which they are tried: the bearer token, `x-api-key`, `api-key`. Clients
 * send several if a token for somebody else is configured beside the key of this gateway. An empty header is none.
 */
export function credentialsOf(request: Request): readonly string[] {
  const bearer = bearerToken(request);
  const credentials = bearer === undefined ? [] : [bearer];
  for (const name of KEY_HEADERS) {
    const key = request.headers.get(name);
    if (key !== null && key !== "") credentials.push(key);
  }
  return credentials;
}
