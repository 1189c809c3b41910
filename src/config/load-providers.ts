import { secretPatterns } from "../core/redact/secret-patterns.ts";
import type { AuthType, ProviderRow } from "../providers/provider-row.ts";
import { CUSTOM_PROVIDER_ROW, GOOGLE_NATIVE_ROW, KNOWN_SERVERS, PROVIDER_TABLE } from "../providers/table.ts";
import { PROVIDER_APIS } from "../providers/api-paths.ts";
import { authTypeOf, BEARER, keyHeader, type AuthHeader } from "../providers/api-access.ts";
import { hasVersion, pathOf, rootOf } from "../providers/join-path.ts";
import { buildApis } from "../providers/provider-apis.ts";
import type { Provider } from "../providers/provider.ts";
import { type Endpoint, endpointKey } from "../upstream/endpoint.ts";
import { readVariable, type Environment } from "./environment.ts";
import {
  type Findings,
  providerVariables,
  readAuthType,
  readBaseUrl,
  readHttp2,
  readKey,
  readRelayHeaders,
  readTransport,
} from "./provider-variables.ts";
import { type ProviderRequests, readProviderRequests, secretValues } from "./read-provider-requests.ts";
import { problemLine } from "./setting-problem.ts";
import { ACCEPTED_BASE_URLS, type BaseUrl } from "./urls.ts";

/** The providers of this process, and what is wrong or doubtful with their settings (one line each). */
export interface LoadedProviders {
  /** In table order, then custom ones as listed. Complete only if there are no problems. */
  readonly providers: readonly Provider[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const DEFAULT_AUTH_HEADER = "x-api-key";
const CUSTOM_ID = /^[a-z][a-z0-9_-]*$/;
const RESERVED_IDS = new Set([...Object.keys(PROVIDER_TABLE), "demo"]);

/** What of a provider follows from how its requests are made. */
function requestParts(row: ProviderRow, base: BaseUrl, key: string | undefined, auth: AuthType, own: ProviderRequests) {
  const { baseUrl } = base;
  const rootUrl = rootOf(baseUrl, row.basePath ?? pathOf(row.url));
  const rowHeader = auth === "bearer" ? BEARER : keyHeader(row.authHeader ?? DEFAULT_AUTH_HEADER);
  const authHeader: AuthHeader = own.authHeader ?? rowHeader;
  const wantedRoots = (own.apis ?? []).flatMap(({ path }) => (path && hasVersion(path) ? [path.slice(1)] : []));
  const baseRoots = (row.bases ?? []).map(({ path }) => path.slice(1)).filter((path) => path !== "");
  const rootPaths = Object.freeze([...own.rootPaths, ...wantedRoots, ...baseRoots, ...(row.rootPaths ?? [])]);
  const known = own.apis ?? knownApis(row, baseUrl);
  return {
    rootUrl,
    rootPaths,
    query: own.query,
    shownSettings: own.shown,
    auth: auth === "none" ? auth : authTypeOf(authHeader),
    authHeader: authHeader.name,
    secrets: Object.freeze(
      [...(key === undefined ? [] : [key]), ...secretValues(own.headers, own.query)].map(secretPatterns),
    ),
    encodedSlashes: own.encodedSlashes ?? row.encodedSlashes === true,
    ...buildApis({
      ...{ baseUrl, rootUrl, rootPaths, row, key, query: own.query, headers: own.headers, wanted: known },
      authHeader: auth === "none" ? undefined : authHeader,
      isOwnAuth: own.authHeader !== undefined,
    }),
  };
}

/** The APIs of a custom provider on a well-known host; undefined for all others. */
function knownApis(row: ProviderRow, baseUrl: string): ProviderRequests["apis"] {
  const known = row === CUSTOM_PROVIDER_ROW ? KNOWN_SERVERS[new URL(baseUrl).hostname] : undefined;
  return known && PROVIDER_APIS.filter((name) => name in known || name in row.paths).map((name) => ({ name }));
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
  const base = readBaseUrl(environment, variables.url, row, findings);
  const { baseUrl, unixSocket, complete } = base;
  const http2 = readHttp2(environment, variables.http2, baseUrl, findings);
  const own = readProviderRequests(environment, variables, base, findings);
  const auth = wantedAuth ?? (own.authHeader && row.auth === "none" ? "x-header" : row.auth);
  const keyMissing = key === undefined && auth !== "none";
  if (key !== undefined && auth === "none") warnings.push(`${variables.key} is not used: ${id} takes no key`);
  if (keyMissing && wantedAuth !== undefined) {
    warnings.push(`${variables.authType} is ${auth}, but ${variables.key} is not set: ${id} is called without a key`);
  }
  if (own.authHeader && (key === undefined || auth === "none")) {
    const missing = auth === "none" ? `${variables.authType} is none` : `${variables.key} is not set`;
    warnings.push(`${variables.authHeader} is not used: ${missing}`);
  }
  const { urlParameter } = variables;
  if (key !== undefined && !complete && urlParameter !== undefined && !readVariable(environment, urlParameter)) {
    warnings.push(`${variables.key} is set, but ${urlParameter} is not: ${id} cannot be called`);
  }
  const credential = own.authHeader?.name ?? (auth === "bearer" ? BEARER.name : row.authHeader);
  if (key !== undefined && auth !== "none" && credential !== undefined && Object.hasOwn(own.headers, credential)) {
    findings.problems.push(`${variables.headers} sets ${credential}, which carries ${variables.key}: set one of them`);
  }
  const keyOptional = row.keyOptional === true || row.auth === "none";
  const used = auth === "none" ? undefined : key;
  const missingVariables = [
    ...(keyMissing && !keyOptional ? [variables.key] : []),
    ...(!complete && urlParameter !== undefined ? [urlParameter] : []),
  ];
  return Object.freeze({
    id,
    endpointKey: endpointKey({ id, baseUrl, unixSocket, http2 }),
    baseUrl,
    unixSocket,
    http2,
    transport: readTransport(environment, variables.transport, usualTransport, findings),
    key: used,
    ...requestParts(row, base, used, keyMissing && keyOptional ? "none" : auth, own),
    relayedHeaders: row.relayedHeaders ?? [],
    extraRequestHeaders: readRelayHeaders(environment, variables.relayHeaders, findings),
    listing: row.listing,
    ...(row.wires && { wires: row.wires }),
    refusesStreamOptions: row.refusesStreamOptions ?? false,
    ...(row.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
    ...(row.modelMembers && { modelMembers: row.modelMembers }),
    callable: complete && (!keyMissing || keyOptional),
    ...(missingVariables.length > 0 && { missingVariables }),
    configured: key !== undefined || readVariable(environment, variables.url) !== undefined,
  });
}

/** A provider that no setting names: an OpenAI-compatible server at a URL on this machine, called without a key. */
export function localProvider(id: string, url: string, row: ProviderRow = CUSTOM_PROVIDER_ROW): Provider {
  const environment = { [providerVariables(id).url]: url };
  return loadProvider(environment, id, row, "none", "auto", { problems: [], warnings: [] });
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
 * @param googleWire `GOOGLE_WIRE`
 */
export function loadProviders(
  environment: Environment,
  customIds: readonly string[],
  transport: Endpoint["transport"] = "auto",
  googleWire: "chat" | "native" = "chat",
): LoadedProviders {
  const findings: Findings = { problems: [], warnings: [] };
  const rows: Readonly<Record<string, ProviderRow>> = {
    ...PROVIDER_TABLE,
    ...(googleWire === "native" && { google: GOOGLE_NATIVE_ROW }),
  };
  const builtIn = Object.entries(rows).map(([id, row]) =>
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
