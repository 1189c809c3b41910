import {
  PROVIDER_TABLE,
  type ProviderRow,
  CUSTOM_PROVIDER_ROW,
  AUTH_TYPES,
  type AuthType,
} from "../providers/table.ts";
import type { Provider } from "../providers/provider.ts";
import { type Endpoint, endpointKey } from "../upstream/endpoint.ts";
import { readVariable, type Environment } from "./environment.ts";
import { ACCEPTED_BASE_URLS, mayHoldSecret, parseBaseUrl, type BaseUrl } from "./urls.ts";
import { ACCEPTED_RELAY_HEADERS, parseRelayHeaders } from "./parse-relay-headers.ts";
import { acceptedValues, parseSetting } from "./parse-setting.ts";
import { problemLine } from "./setting-problem.ts";
import { HTTP2_ROW, TRANSPORT_ROW } from "./settings/providers.ts";

/** The names of the variables that belong to one provider. */
export interface ProviderVariables {
  readonly url: string;
  readonly key: string;
  readonly http2: string;
  readonly transport: string;
  readonly relayHeaders: string;
  /** Read for custom providers only. */
  readonly authType: string;
  /** The variable that fills in the placeholder of the base URL, where the provider has one. */
  readonly urlParameter: string | undefined;
}

/** Names the variables of a built-in or custom provider: `my-server` is set by `MY_SERVER_API_URL` and so on. */
export function providerVariables(id: string): ProviderVariables {
  const prefix = id.toUpperCase().replaceAll("-", "_");
  const row: ProviderRow | undefined = Object.entries(PROVIDER_TABLE).find(([known]) => known === id)?.[1];
  return {
    url: `${prefix}_API_URL`,
    key: `${prefix}_API_KEY`,
    http2: `${prefix}_HTTP2`,
    transport: `${prefix}_TRANSPORT`,
    relayHeaders: `${prefix}_RELAY_HEADERS`,
    authType: `${prefix}_AUTH_TYPE`,
    urlParameter: row?.urlParameter?.[1],
  };
}

/** The providers of this process, and what is wrong or doubtful with their settings (one line each). */
export interface LoadedProviders {
  /** In table order, then custom ones as listed. Complete only where there are no problems. */
  readonly providers: readonly Provider[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

const DEFAULT_AUTH_HEADER = "x-api-key";
const CUSTOM_ID = /^[a-z][a-z0-9_-]*$/;
const RESERVED_IDS = new Set([...Object.keys(PROVIDER_TABLE), "demo"]);
// A key travels in a header: a line break would smuggle in another one, and fetch throws on most of what is not ASCII.
const KEY = /^[\x20-\x7e]+$/;
const URL_PARAMETER = /^[A-Za-z0-9_-]+$/;

function readKey(environment: Environment, name: string, { problems }: Findings): string | undefined {
  const value = readVariable(environment, name);
  if (value === undefined || KEY.test(value)) return value;
  problems.push(problemLine({ name, value, secret: true, expected: "printable ASCII characters in a single line" }));
  return undefined;
}

function readAuthType(environment: Environment, name: string, { problems }: Findings): AuthType | undefined {
  const value = readVariable(environment, name);
  const authType = AUTH_TYPES.find((known) => known === value?.toLowerCase());
  if (value !== undefined && authType === undefined) {
    // Masked, because a key pasted into the wrong line looks like this.
    problems.push(problemLine({ name, value, secret: true, expected: `one of ${AUTH_TYPES.join(", ")}` }));
  }
  return authType;
}

function readHttp2(environment: Environment, name: string, baseUrl: string, { problems }: Findings): boolean {
  const value = readVariable(environment, name) ?? HTTP2_ROW.default;
  const http2 = parseSetting(HTTP2_ROW, value);
  if (http2 === undefined) {
    problems.push(problemLine({ name, value, secret: false, expected: acceptedValues(HTTP2_ROW) }));
  } else if (http2 === true && baseUrl.startsWith("http:")) {
    // Servers choose it in the TLS handshake, and without one it would have to be assumed.
    problems.push(`${name}=${value} needs an https URL of that provider: HTTP/2 is spoken over TLS only`);
  }
  return http2 === true;
}

function readTransport(
  environment: Environment,
  name: string,
  fallback: Endpoint["transport"],
  { problems }: Findings,
): Endpoint["transport"] {
  const value = readVariable(environment, name);
  if (value === undefined) return fallback;
  const transport = TRANSPORT_ROW.values.find((known) => known === value.toLowerCase());
  if (transport !== undefined) return transport;
  problems.push(problemLine({ name, value, secret: false, expected: acceptedValues(TRANSPORT_ROW) }));
  return fallback;
}

function readRelayHeaders(environment: Environment, name: string, { problems }: Findings): readonly string[] {
  const value = readVariable(environment, name);
  if (value === undefined) return [];
  const parsed = parseRelayHeaders(value);
  if ("names" in parsed) return parsed.names;
  const { refused, reason } = parsed;
  // Masked if it is no name, because it may be a whole header, with its value.
  const secret = reason === undefined;
  problems.push(
    problemLine({ name, value: refused, secret, ...(reason && { reason }), expected: ACCEPTED_RELAY_HEADERS }),
  );
  return [];
}

/** Fills the placeholder of a base URL. Without a value for it the URL comes back as it was. */
function fillUrl(environment: Environment, row: ProviderRow, url: string, { problems }: Findings): string {
  if (row.urlParameter === undefined) return url;
  const [placeholder, name] = row.urlParameter;
  const value = readVariable(environment, name);
  if (value === undefined) return url;
  if (URL_PARAMETER.test(value)) return url.replaceAll(placeholder, value);
  problems.push(problemLine({ name, value, secret: true, expected: "letters, digits, - and _" }));
  return url;
}

/** `complete` is false where the URL cannot be called as it is: refused, or with its placeholder still in it. */
function readBaseUrl(
  environment: Environment,
  name: string,
  row: ProviderRow,
  findings: Findings,
): BaseUrl & { readonly complete: boolean } {
  const value = readVariable(environment, name) ?? row.url;
  const filled = fillUrl(environment, row, value, findings);
  const parsed = parseBaseUrl(filled);
  if (!parsed.ok) {
    // All of it, because the end of a URL may be the whole of a short password.
    const shown = mayHoldSecret(value) ? "***" : value;
    const { reason } = parsed;
    findings.problems.push(problemLine({ name, value: shown, secret: false, reason, expected: ACCEPTED_BASE_URLS }));
    return { baseUrl: row.url, unixSocket: undefined, complete: false };
  }
  const [placeholder] = row.urlParameter ?? [];
  if (placeholder === undefined || !filled.includes(placeholder)) return { ...parsed.value, complete: true };
  // Parsing escapes the braces; the URL is only ever shown, and an operator would not recognise it.
  const baseUrl = parsed.value.baseUrl.replaceAll(encodeURI(placeholder), placeholder);
  return { ...parsed.value, baseUrl, complete: false };
}

function loadProvider(
  environment: Environment,
  id: string,
  row: ProviderRow,
  wantedAuth: AuthType | undefined,
  usualTransport: Endpoint["transport"],
  findings: Findings,
): Provider {
  const { warnings } = findings;
  const variables = providerVariables(id);
  const key = readKey(environment, variables.key, findings);
  const { baseUrl, unixSocket, complete } = readBaseUrl(environment, variables.url, row, findings);
  const http2 = readHttp2(environment, variables.http2, baseUrl, findings);
  const auth = wantedAuth ?? row.auth;
  const keyMissing = key === undefined && auth !== "none";
  if (key !== undefined && auth === "none") warnings.push(`${variables.key} is not used: ${id} takes no key`);
  if (keyMissing && wantedAuth !== undefined) {
    warnings.push(`${variables.authType} is ${auth}, but ${variables.key} is not set: ${id} is called without a key`);
  }
  const { urlParameter } = variables;
  if (key !== undefined && !complete && urlParameter !== undefined && !readVariable(environment, urlParameter)) {
    warnings.push(`${variables.key} is set, but ${urlParameter} is not: ${id} cannot be called`);
  }
  return Object.freeze({
    id,
    endpointKey: endpointKey({ id, baseUrl, unixSocket, http2 }),
    baseUrl,
    unixSocket,
    http2,
    transport: readTransport(environment, variables.transport, usualTransport, findings),
    auth: keyMissing && row.keyOptional === true ? "none" : auth,
    authHeader: row.authHeader ?? DEFAULT_AUTH_HEADER,
    key: auth === "none" ? undefined : key,
    headers: Object.freeze({ ...row.headers }),
    relayedHeaders: row.relayedHeaders ?? [],
    extraRequestHeaders: readRelayHeaders(environment, variables.relayHeaders, findings),
    listing: row.listing,
    paths: Object.freeze({ ...row.paths }),
    refusesStreamOptions: row.refusesStreamOptions ?? false,
    ...(row.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
    ...(row.modelMembers && { modelMembers: row.modelMembers }),
    callable: complete && (!keyMissing || row.keyOptional === true),
    configured: key !== undefined || readVariable(environment, variables.url) !== undefined,
  });
}

/** A provider that no setting names: an OpenAI-compatible server at a URL on this machine, called without a key. */
export function localProvider(id: string, url: string): Provider {
  const environment = { [providerVariables(id).url]: url };
  return loadProvider(environment, id, CUSTOM_PROVIDER_ROW, "none", "auto", { problems: [], warnings: [] });
}

function readCustomIds(listed: readonly string[], { problems }: Findings): readonly string[] {
  const idsByVariable = new Map<string, string>();
  for (const value of listed) {
    const id = value.toLowerCase();
    const variable = providerVariables(id).url;
    const refuse = (reason: string): void => {
      const expected = "ids that begin with a letter and go on with letters, digits, - and _";
      problems.push(problemLine({ name: "CUSTOM_PROVIDERS", value, secret: false, reason, expected }));
    };
    if (!CUSTOM_ID.test(id)) refuse("not an id");
    else if (RESERVED_IDS.has(id) || RESERVED_IDS.has(id.replaceAll("-", "_"))) refuse("the name is taken");
    else if (idsByVariable.has(variable)) refuse(`it shares ${variable} with ${idsByVariable.get(variable)}`);
    else idsByVariable.set(variable, id);
  }
  return [...idsByVariable.values()];
}

/**
 * Joins the provider table with the operator's settings.
 * @param customIds the entries of `CUSTOM_PROVIDERS`, in any case
 * @param transport `CLIENT_TRANSPORT`, for providers that have none of their own
 */
export function loadProviders(
  environment: Environment,
  customIds: readonly string[],
  transport: Endpoint["transport"] = "auto",
): LoadedProviders {
  const findings: Findings = { problems: [], warnings: [] };
  const builtIn = Object.entries(PROVIDER_TABLE).map(([id, row]) =>
    loadProvider(environment, id, row, undefined, transport, findings),
  );
  const custom = readCustomIds(customIds, findings).flatMap((id) => {
    const variables = providerVariables(id);
    if (readVariable(environment, variables.url) === undefined) {
      findings.problems.push(
        `${variables.url} is not set, but CUSTOM_PROVIDERS names ${id}: expected ${ACCEPTED_BASE_URLS}`,
      );
      return [];
    }
    const auth = readAuthType(environment, variables.authType, findings);
    return [loadProvider(environment, id, CUSTOM_PROVIDER_ROW, auth, transport, findings)];
  });
  return { providers: Object.freeze([...builtIn, ...custom]), ...findings };
}
