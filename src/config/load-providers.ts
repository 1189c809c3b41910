import { secretPatterns } from "../core/redact/secret-patterns.ts";
import type { AuthType, ProviderRow } from "../providers/provider-row.ts";
import { CUSTOM_PROVIDER_ROW, customRowAt, GOOGLE_NATIVE_ROW, PROVIDER_TABLE } from "../providers/table.ts";
import { authTypeOf, BEARER, type AuthHeader } from "../providers/api-access.ts";
import { hasVersion, pathOf, rootOf } from "../providers/join-path.ts";
import { joined, withoutOwn } from "../providers/query.ts";
import { buildApis } from "../providers/provider-apis.ts";
import type { Provider } from "../providers/provider.ts";
import { type Endpoint, endpointKey } from "../upstream/endpoint.ts";
import { chooseVersion } from "./choose-version.ts";
import { readCustomIds } from "./custom-providers.ts";
import { readVariable, type Environment } from "./environment.ts";
import {
  type Findings,
  providerVariables,
  readAuthType,
  readHttp2,
  readKey,
  readRelayHeaders,
  readTransport,
} from "./provider-variables.ts";
import { readBaseUrl } from "./read-base-url.ts";
import { type ProviderRequests, readProviderRequests, secretValues } from "./read-provider-requests.ts";
import type { BaseUrl } from "./urls.ts";

/** The providers of this process, and what is wrong or doubtful with their settings (one line each). */
export interface LoadedProviders {
  /** In table order, then custom ones as listed. Complete only if there are no problems. */
  readonly providers: readonly Provider[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const DEFAULT_AUTH_HEADER = "x-api-key";

/** What of a provider follows from how its requests are made. */
function requestParts(row: ProviderRow, base: BaseUrl, key: string | undefined, auth: AuthType, own: ProviderRequests) {
  const { baseUrl } = base;
  const rootUrl = rootOf(baseUrl, row.basePath ?? pathOf(row.url));
  const { authHeader: name = DEFAULT_AUTH_HEADER, authPrefix: prefix = "" } = row;
  const rowHeader = auth === "bearer" ? BEARER : { name, prefix };
  const authHeader: AuthHeader = own.authHeader ?? rowHeader;
  const wantedRoots = (own.apis ?? []).flatMap(({ path }) => (path && hasVersion(path) ? rootedPart(path) : []));
  const baseRoots = (row.bases ?? []).map(({ path }) => path.slice(1)).filter((path) => path !== "");
  const rootPaths = Object.freeze([...own.rootPaths, ...wantedRoots, ...baseRoots, ...(row.rootPaths ?? [])]);
  return {
    rootUrl,
    rootPaths,
    query: own.query,
    auth: auth === "none" ? auth : authTypeOf(authHeader),
    authHeader: authHeader.name,
    secrets: Object.freeze(
      [...(key === undefined ? [] : [key]), ...secretValues(own.headers, own.query)].map(secretPatterns),
    ),
    encodedSlashes: own.encodedSlashes ?? row.encodedSlashes === true,
    ...buildApis({
      ...{ baseUrl, rootUrl, rootPaths, row, key, query: own.query, headers: own.headers, wanted: own.apis },
      authHeader: auth === "none" ? undefined : authHeader,
      isOwnAuth: own.authHeader !== undefined,
    }),
  };
}

/** With what a path begins, as far as it is the same for all models. */
function rootedPart(path: string): readonly string[] {
  const segments = path.slice(1).split("/");
  const open = segments.findIndex((segment) => segment.includes("{"));
  const part = (open < 0 ? segments : segments.slice(0, open)).join("/");
  return part === "" ? [] : [part];
}

function loadProvider(
  environment: Environment,
  id: string,
  givenRow: ProviderRow,
  wantedAuth: AuthType | undefined,
  usualTransport: Endpoint["transport"],
  findings: Findings,
): Provider {
  const { warnings } = findings;
  const variables = providerVariables(id);
  const key = readKey(environment, variables.key, findings);
  const version = chooseVersion(environment, givenRow, findings);
  const base = readBaseUrl(environment, variables.url, version.row, findings);
  const { baseUrl, unixSocket, complete, missing } = base;
  const row = givenRow === CUSTOM_PROVIDER_ROW && unixSocket === undefined ? customRowAt(baseUrl) : version.row;
  const http2 = readHttp2(environment, variables.http2, baseUrl, findings);
  const own = withVersion(readProviderRequests(environment, variables, base, findings), version.query);
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
  const unset = missing.filter((name) => readVariable(environment, name) === undefined);
  if (key !== undefined && unset.length > 0) {
    warnings.push(`${variables.key} is set, but ${unset.join(" and ")} is not: ${id} cannot be called`);
  }
  const credential = own.authHeader?.name ?? (auth === "bearer" ? BEARER.name : row.authHeader);
  if (key !== undefined && auth !== "none" && credential !== undefined && Object.hasOwn(own.headers, credential)) {
    findings.problems.push(`${variables.headers} sets ${credential}, which carries ${variables.key}: set one of them`);
  }
  const keyOptional = row.keyOptional === true || row.auth === "none";
  const used = auth === "none" ? undefined : key;
  const missingVariables = [...(keyMissing && !keyOptional ? [variables.key] : []), ...missing];
  return Object.freeze({
    id,
    endpointKey: endpointKey({ id, baseUrl, unixSocket, http2 }),
    baseUrl,
    unixSocket,
    http2,
    transport: readTransport(environment, variables.transport, usualTransport, findings),
    key: used,
    ...requestParts(row, base, used, keyMissing && keyOptional ? "none" : auth, own),
    shownSettings: [...base.shown, ...version.shown, ...own.shown],
    relayedHeaders: row.relayedHeaders ?? [],
    extraRequestHeaders: readRelayHeaders(environment, variables.relayHeaders, findings),
    listing: row.listing,
    ...(row.wires && { wires: row.wires }),
    refusesStreamOptions: row.refusesStreamOptions ?? false,
    ...(row.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
    ...(row.modelMembers && { modelMembers: row.modelMembers }),
    callable: complete && (!keyMissing || keyOptional),
    ...(row.probed && { probed: true }),
    ...(missingVariables.length > 0 && { missingVariables }),
    configured: key !== undefined || readVariable(environment, variables.url) !== undefined,
  });
}

/** The version that a setting asks for is before what else the query says of it. */
const withVersion = (own: ProviderRequests, version: string): ProviderRequests =>
  version === "" ? own : { ...own, query: joined(version, withoutOwn(own.query, version)) };

/** A provider that no setting names: an OpenAI-compatible server at a URL on this machine, called without a key. */
export function localProvider(id: string, url: string, row: ProviderRow = CUSTOM_PROVIDER_ROW): Provider {
  const environment = { [providerVariables(id).url]: url };
  return loadProvider(environment, id, row, "none", "auto", { problems: [], warnings: [] });
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
  const ids = readCustomIds(environment, customIds, findings);
  const taken = new Set(ids.map((id) => providerVariables(id).url));
  const rows: Readonly<Record<string, ProviderRow>> = {
    ...PROVIDER_TABLE,
    ...(googleWire === "native" && { google: GOOGLE_NATIVE_ROW }),
  };
  const builtIn = Object.entries(rows)
    .filter(([id]) => !taken.has(providerVariables(id).url))
    .map(([id, row]) => loadProvider(environment, id, row, undefined, transport, findings));
  const custom = ids.map((id) => {
    const auth = readAuthType(environment, providerVariables(id).authType, findings);
    return loadProvider(environment, id, CUSTOM_PROVIDER_ROW, auth, transport, findings);
  });
  return {
    providers: Object.freeze([...builtIn, ...custom]),
    // Two providers may be filled in by the same setting.
    problems: [...new Set(findings.problems)],
    warnings: findings.warnings,
  };
}
