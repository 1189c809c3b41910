import type { Environment } from "./environment.ts";
import { type McpServerAccess, mcpPrefix, readServerAccess } from "./mcp-server-variables.ts";
import { shownRefusedUrl } from "./urls.ts";
import { problemLine } from "./setting-problem.ts";

/** One MCP server that the operator named. */
export interface McpServer extends McpServerAccess {
  /** Letters, digits, - and _; given as `name=url`, or made of the host. No two servers share one, in any case. */
  readonly name: string;
  /** Absolute http(s) URL without credentials and fragment; its query may hold a key. */
  readonly url: string;
  /** The URL as it may be shown: without its query. */
  readonly shownUrl: string;
}

/** The MCP servers of this process, and what is wrong with their settings (one line each). */
export interface LoadedMcpServers {
  /** In the operator's order. Complete only if there are no problems. */
  readonly servers: readonly McpServer[];
  readonly problems: readonly string[];
}

const ACCEPTED = "URL or name=URL, each an http or https URL without credentials and fragment, each name used once";
const NAMED = /^([^=:/?#]*)=(.*)$/s;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const LONGEST_NAME = 32;

/** Why a URL cannot be a server's, without repeating any of it. */
function refuseUrl(text: string): string | undefined {
  if (/[\p{Cc}\s\\]/u.test(text)) return "it has spaces, backslashes or control characters";
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return "it is not an absolute http or https URL";
  if (text.includes("#")) return "it has a fragment";
  if (/^https?:\/\/[^/?]*@/i.test(text)) return "it has credentials, which belong in the server's token";
  return undefined;
}

/** A name made of the host, for a server without one: `127_0_0_1`, and `127_0_0_1_2` if that is taken. */
function nameByHost(url: URL, isTaken: (name: string) => boolean): string {
  const host = url.hostname.replace(/[^a-z0-9]+/gi, "_").replace(/^_+|_+$/g, "");
  const stem = host.slice(0, LONGEST_NAME - 4);
  let name = stem;
  for (let count = 2; isTaken(name); count += 1) name = `${stem}_${count}`;
  return name;
}

/**
 * Reads `MCP_SERVERS` and the variables of each server.
 * @param listed the entries of `MCP_SERVERS`
 */
export function loadMcpServers(environment: Environment, listed: readonly string[]): LoadedMcpServers {
  const problems: string[] = [];
  const entries = listed.flatMap((value) => {
    const [, name, url = value] = NAMED.exec(value) ?? [];
    const reason = name !== undefined && !NAME.test(name) ? "its name is not one" : refuseUrl(url);
    if (reason === undefined) return [{ value, name, url: new URL(url) }];
    const shown = shownRefusedUrl(url, value);
    problems.push(problemLine({ name: "MCP_SERVERS", value: shown, secret: false, reason, expected: ACCEPTED }));
    return [];
  });

  const taken = new Set<string>();
  const isTaken = (name: string): boolean => taken.has(mcpPrefix(name));
  const repeated = new Set<unknown>();
  for (const entry of entries) {
    const { name, url, value } = entry;
    const unnamedTwice =
      name === undefined && entries.find((other) => !other.name && other.url.href === url.href) !== entry;
    if (unnamedTwice || (name !== undefined && isTaken(name))) {
      repeated.add(entry);
      const reason = unnamedTwice ? "the URL is listed twice" : `the name ${name} is used twice`;
      const shown = shownRefusedUrl(url.href, value);
      problems.push(problemLine({ name: "MCP_SERVERS", value: shown, secret: false, reason, expected: ACCEPTED }));
    }
    if (name !== undefined) taken.add(mcpPrefix(name));
  }

  const servers = entries
    .filter((entry) => !repeated.has(entry))
    .map(({ name: given, url }): McpServer => {
      const name = given ?? nameByHost(url, isTaken);
      taken.add(mcpPrefix(name));
      const access = readServerAccess(environment, name, problems);
      return Object.freeze({ name, url: url.href, shownUrl: url.origin + url.pathname, ...access });
    });
  return { servers: Object.freeze(servers), problems };
}
