import { readVariable, type Environment } from "./environment.ts";
import { ACCEPTED_HEADERS, parseHeaders } from "./parse-headers.ts";
import { maskSecret, problemLine } from "./setting-problem.ts";

/** How the gateway gets tokens for an MCP server: as an OAuth client, with credentials of its own. */
export interface McpOAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where tokens are got; undefined if the server is asked. */
  readonly tokenUrl: string | undefined;
  /** Separated by spaces; undefined if none is asked for. */
  readonly scope: string | undefined;
}

/** How the gateway shows an MCP server who it is. */
export interface McpServerAccess {
  /** Sent as a bearer token. */
  readonly token: string | undefined;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth: McpOAuthClient | undefined;
  /** The variables that are set for the server, as `NAME=value` lines with every secret masked. */
  readonly shownVariables: readonly string[];
}

const TOKEN = /^[\x21-\x7e]+$/;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const PRINTABLE = "printable ASCII characters without spaces";

/** Headers that belong to the protocol or the connection. */
const OF_THE_PROTOCOL: ReadonlySet<string> = new Set([
  ...["accept", "accept-encoding", "content-encoding", "content-length", "content-type", "last-event-id"],
  ...["connection", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "http2-settings"],
]);

/** What every variable of one server begins with. */
export const mcpPrefix = (name: string): string => `MCP_${name.toUpperCase().replaceAll("-", "_")}_`;

/** The names of the variables that belong to one server. */
export function mcpServerVariables(name: string) {
  const prefix = mcpPrefix(name);
  return {
    token: `${prefix}TOKEN`,
    headers: `${prefix}HEADERS`,
    clientId: `${prefix}CLIENT_ID`,
    clientSecret: `${prefix}CLIENT_SECRET`,
    tokenUrl: `${prefix}TOKEN_URL`,
    scope: `${prefix}SCOPE`,
  } as const;
}

/**
 * Reads the variables of one server.
 * @param problems gets a line for each that is not accepted
 */
export function readServerAccess(environment: Environment, name: string, problems: string[]): McpServerAccess {
  const names = mcpServerVariables(name);
  const read = (variable: string, accepted: RegExp, expected: string): string | undefined => {
    const value = readVariable(environment, variable);
    if (value === undefined || accepted.test(value)) return value;
    problems.push(problemLine({ name: variable, value, secret: true, expected }));
    return undefined;
  };
  const token = read(names.token, TOKEN, PRINTABLE);
  const headers = readHeaders(environment, names.headers, problems);
  const clientId = read(names.clientId, /^[\x20-\x7e]+$/, "printable ASCII characters");
  const clientSecret = read(names.clientSecret, TOKEN, PRINTABLE);
  const scope = read(names.scope, SCOPE, "names of scopes, separated by spaces");
  const tokenUrl = readTokenUrl(environment, names.tokenUrl, problems);

  const isSet = (variable: string): boolean => readVariable(environment, variable) !== undefined;
  if (isSet(names.clientId) !== isSet(names.clientSecret)) {
    problems.push(`${names.clientId} and ${names.clientSecret} must be set together`);
  }
  for (const dependent of [names.tokenUrl, names.scope]) {
    if (isSet(dependent) && !isSet(names.clientId)) problems.push(`${dependent} needs ${names.clientId}`);
  }
  const authorizing: string[] = [names.token, names.clientId].filter(isSet);
  if ("authorization" in headers) authorizing.push(`Authorization in ${names.headers}`);
  if (authorizing.length > 1) problems.push(`${authorizing.join(" and ")} must not be set together`);

  return {
    token,
    headers,
    oauth: clientId && clientSecret ? Object.freeze({ clientId, clientSecret, tokenUrl, scope }) : undefined,
    shownVariables: Object.freeze([
      ...(token ? [`${names.token}=${maskSecret(token)}`] : []),
      ...(Object.keys(headers).length > 0
        ? [`${names.headers}=${Object.keys(headers).map(maskHeader).join(", ")}`]
        : []),
      ...(clientId ? [`${names.clientId}=${clientId}`] : []),
      ...(clientSecret ? [`${names.clientSecret}=${maskSecret(clientSecret)}`] : []),
      ...(tokenUrl ? [`${names.tokenUrl}=${shownUrl(tokenUrl)}`] : []),
      ...(scope ? [`${names.scope}=${scope}`] : []),
    ]),
  };
}

const maskHeader = (name: string): string => `${name}: ***`;

function shownUrl(text: string): string {
  const { origin, pathname, search } = new URL(text);
  return `${origin}${pathname}${search === "" ? "" : "?***"}`;
}

function readHeaders(environment: Environment, name: string, problems: string[]): Readonly<Record<string, string>> {
  const value = readVariable(environment, name);
  if (value === undefined) return Object.freeze({});
  const parsed = parseHeaders(value, (header) =>
    OF_THE_PROTOCOL.has(header) || header.startsWith("mcp-") ? "belongs to the protocol" : undefined,
  );
  if ("headers" in parsed) return parsed.headers;
  // All of it is masked: nobody can say which part is the secret.
  problems.push(problemLine({ name, value: "***", secret: false, reason: parsed.reason, expected: ACCEPTED_HEADERS }));
  return Object.freeze({});
}

function readTokenUrl(environment: Environment, name: string, problems: string[]): string | undefined {
  const value = readVariable(environment, name);
  if (value === undefined) return undefined;
  if (/^https?:\/\/[^/?#@]+(?:[/?][^#]*)?$/i.test(value) && URL.canParse(value)) return new URL(value).href;
  const expected = "an http or https URL without credentials and fragment";
  problems.push(problemLine({ name, value: "***", secret: false, expected }));
  return undefined;
}
