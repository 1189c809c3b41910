import { secretParts } from "../../core/redact/redact.ts";
import { type SecretPatterns, secretPatterns } from "../../core/redact/secret-patterns.ts";
import { createTokenSource, type TokenSource, type TokenSourceParts } from "./oauth-token.ts";
import type { McpServer, SessionOptions } from "./session.ts";

/** What shows one MCP server who asks. */
export interface ServerCredentials {
  /**
   * Sends a request with the server's headers and token. One that is refused for its token is sent once more with a new
   * one. Throws McpError if no token can be got.
   */
  readonly fetch: SessionOptions["fetch"];
  /** What must not be seen of it, as it is now. */
  secrets(): readonly SecretPatterns[];
}

/** @param sources with the `fetch` that has no credentials */
export function openCredentials(server: McpServer, sources: TokenSourceParts): ServerCredentials {
  const headers = Object.entries(server.headers ?? {});
  const { origin, searchParams } = new URL(server.url);
  // Some servers take their token in their URL.
  const parts = [...headers, ...searchParams].flatMap(([name, value]) => secretParts(name, value));
  const own = [...new Set([server.token, server.oauth?.clientSecret, ...parts])]
    .filter((value) => value !== undefined)
    .map(secretPatterns);
  const tokens = server.oauth && createTokenSource(server.url, server.oauth, sources);

  const send = (url: string, init: BunFetchRequestInit, token: string | undefined): Promise<Response> => {
    const all = new Headers(init.headers);
    for (const [name, value] of headers) all.set(name, value);
    if (token !== undefined) all.set("authorization", `Bearer ${token}`);
    return sources.fetch(url, { ...init, headers: all });
  };

  return {
    fetch(url, init) {
      // Wherever else the server may send the library, its credentials do not go.
      if (new URL(url).origin !== origin) return sources.fetch(url, init);
      if (!tokens) return send(url, init, server.token);
      return fetchWithToken(tokens, init, (token) => send(url, init, token));
    },
    secrets: () => [...own, ...(tokens?.known() ?? []).map(({ patterns }) => patterns)],
  };
}

async function fetchWithToken(
  tokens: TokenSource,
  init: BunFetchRequestInit,
  send: (token: string | undefined) => Promise<Response>,
): Promise<Response> {
  const signal = init.signal ?? new AbortController().signal;
  const token = await tokens.current(signal);
  const response = await send(token?.value);
  if (response.status !== 401) return response;
  const named = metadataUrlOf(response.headers.get("www-authenticate") ?? "");
  try {
    const renewed = await tokens.renewed(token, named, signal);
    if (!renewed) return response;
    void response.body?.cancel();
    return await send(renewed.value);
  } catch (error) {
    void response.body?.cancel();
    throw error;
  }
}

/** https://www.rfc-editor.org/rfc/rfc9728#section-5.1 */
function metadataUrlOf(challenge: string): string | undefined {
  const [, quoted, plain] = /\bresource_metadata\s*=\s*(?:"([^"]*)"|([^\s,"]+))/i.exec(challenge) ?? [];
  return quoted ?? plain;
}
