import type { Steps } from "../../core/event-loop.ts";
import type { AuthType, ProviderRow } from "../../providers/provider-row.ts";
import { CUSTOM_PROVIDER_ROW, customRowAt, GOOGLE_NATIVE_ROW, PROVIDER_TABLE } from "../../providers/table.ts";
import { BEARER } from "../../providers/api-access.ts";
import { credentialOf } from "../../providers/credentials/credential.ts";
import type { ListEndpoint, Provider } from "../../providers/provider.ts";
import { type Endpoint, endpointKey } from "../../upstream/endpoint.ts";
import { readCloud } from "./cloud/read-cloud.ts";
import { chooseVersion } from "./choose-version.ts";
import { readCustomIds } from "./custom-providers.ts";
import { readVariable, type Environment } from "../environment.ts";
import {
  type Findings,
  providerVariables,
  readAuthType,
  readHttp2,
  readKey,
  readRelayHeaders,
  readTransport,
} from "./provider-variables.ts";
import { withKeys } from "./provider-keys.ts";
import { loadOnce, type UntouchedProviders } from "./untouched-providers.ts";
import { familiesOf, listsOf, requestParts, withAddresses, withVersion } from "./provider-requests.ts";
import { readBaseUrl } from "./read-base-url.ts";
import { type ProviderRequests, readProviderRequests } from "./read-provider-requests.ts";

/** The providers of this process, and what is wrong or doubtful with their settings (one line each). */
export interface LoadedProviders {
  /** In table order, then custom ones as listed. Complete only if there are no problems. */
  readonly providers: readonly Provider[];
  /** Those with several keys by their ids, once with each of them, in the operator's order; the first one is the provider. */
  readonly keyedProviders: ReadonlyMap<string, readonly Provider[]>;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What is doubtful about the key of a provider, or the lack of one. */
function checkKey(
  environment: Environment,
  id: string,
  {
    row,
    key,
    auth,
    own,
    missing,
    isAuthorized,
  }: Readonly<{
    row: ProviderRow;
    key: string | undefined;
    auth: AuthType;
    own: ProviderRequests;
    /** Variables without which the address is not whole. */
    missing: readonly string[];
    /** A credential that is renewed takes the place of a key. */
    isAuthorized: boolean;
  }>,
  { problems, warnings }: Findings,
): void {
  const variables = providerVariables(id);
  if (key !== undefined && auth === "none") warnings.push(`${variables.key} is not used: ${id} takes no key`);
  if (own.authHeader && (key === undefined || auth === "none")) {
    const missing = auth === "none" ? `${variables.authType} is none` : `${variables.key} is not set`;
    warnings.push(`${variables.authHeader} is not used: ${missing}`);
  }
  const unset = missing.filter((name) => readVariable(environment, name) === undefined);
  if (key !== undefined && unset.length > 0) {
    warnings.push(`${variables.key} is set, but ${unset.join(" and ")} is not: ${id} cannot be called`);
  }
  const keyName = own.authHeader?.name ?? (auth === "bearer" ? BEARER.name : row.authHeader);
  if (key !== undefined && auth !== "none" && keyName !== undefined && Object.hasOwn(own.headers, keyName)) {
    problems.push(`${variables.headers} sets ${keyName}, which carries ${variables.key}: set one of them`);
  }
  if (isAuthorized && Object.hasOwn(own.headers, BEARER.name)) {
    problems.push(`${variables.headers} sets ${BEARER.name}, which carries the credentials that ${id} is called with`);
  }
}

function loadProvider(
  environment: Environment,
  id: string,
  givenRow: ProviderRow,
  wantedAuth: AuthType | undefined,
  usualTransport: Endpoint["transport"],
  findings: Findings,
): Provider {
  const variables = providerVariables(id);
  const key = readKey(environment, variables.key, findings);
  const version = chooseVersion(environment, givenRow, findings);
  const cloud = readCloud(version.row, { environment, id, hasKey: key !== undefined, findings }, variables.url);
  const declared = cloud ? { ...version.row, url: cloud.url } : version.row;
  const base = readBaseUrl(environment, variables.url, declared, findings);
  const { baseUrl, unixSocket } = base;
  const missing = [...base.missing, ...(cloud?.missingVariables ?? [])];
  const row = givenRow === CUSTOM_PROVIDER_ROW && unixSocket === undefined ? customRowAt(baseUrl) : declared;
  const http2 = readHttp2(environment, variables.http2, baseUrl, findings);
  const own = withVersion(readProviderRequests(environment, variables, base, findings), version.query);
  const auth = wantedAuth ?? (own.authHeader && row.auth === "none" ? "x-header" : row.auth);
  const credential = cloud?.credential && credentialOf(cloud.credential);
  const keyMissing = key === undefined && auth !== "none" && !credential;
  checkKey(environment, id, { row, key, auth, own, missing, isAuthorized: credential !== undefined }, findings);
  if (keyMissing && wantedAuth !== undefined) {
    findings.warnings.push(
      `${variables.authType} is ${auth}, but ${variables.key} is not set: ${id} is called without a key`,
    );
  }
  const keyOptional = row.keyOptional === true || row.auth === "none";
  const used = auth === "none" ? undefined : key;
  const needsKey = keyMissing && !keyOptional && !cloud?.missingVariables.length;
  const missingVariables = [...(needsKey ? [variables.key] : []), ...missing];
  const endpoint: ListEndpoint = {
    id,
    endpointKey: endpointKey({ id, baseUrl, unixSocket, http2 }),
    baseUrl,
    unixSocket,
    http2,
    transport: readTransport(environment, variables.transport, usualTransport, findings),
    ...(credential && { credential }),
  };
  const { parts, addresses } = requestParts(row, base, used, keyMissing && keyOptional ? "none" : auth, own);
  const known: Omit<Provider, "apis" | "bases"> = {
    ...endpoint,
    key: used,
    ...parts,
    shownSettings: [...base.shown, ...version.shown, ...own.shown],
    relayedHeaders: row.relayedHeaders ?? [],
    extraRequestHeaders: readRelayHeaders(environment, variables.relayHeaders, findings),
    listing: row.listing,
    ...listsOf(row, endpoint, own.query),
    ...(row.families && { families: familiesOf(row, own) }),
    ...(row.wires && { wires: row.wires }),
    refusesStreamOptions: row.refusesStreamOptions ?? false,
    ...(row.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
    ...(row.placeOfModel && { placeOfModel: row.placeOfModel }),
    ...(row.modelMembers && { modelMembers: row.modelMembers }),
    callable: base.complete && missing.length === 0 && (!keyMissing || keyOptional),
    ...(row.probed && { probed: true }),
    ...(missingVariables.length > 0 && { missingVariables }),
    configured:
      key !== undefined || readVariable(environment, variables.url) !== undefined || cloud?.isConfigured === true,
  };
  return withAddresses(known, addresses);
}

/** A provider that no setting names: an OpenAI-compatible server at a URL on this machine, called without a key. */
export function localProvider(id: string, url: string, row: ProviderRow = CUSTOM_PROVIDER_ROW): Provider {
  return loadProvider({ [providerVariables(id).url]: url }, id, row, "none", "auto", { problems: [], warnings: [] });
}

/**
 * Joins the provider table with the operator's settings.
 * @param customIds the entries of `CUSTOM_PROVIDERS`, in any case
 * @param transport `CLIENT_TRANSPORT`, for providers that have none of their own
 * @param googleWire `GOOGLE_WIRE`
 * @param furtherKeys the keys of providers after their first, by its variable
 * @param untouched what was loaded before, and need not be again
 */
export function* loadProviders(
  environment: Environment,
  customIds: readonly string[],
  transport: Endpoint["transport"] = "auto",
  googleWire: "chat" | "native" = "chat",
  furtherKeys: ReadonlyMap<string, readonly string[]> = new Map(),
  untouched: UntouchedProviders = new Map(),
): Steps<LoadedProviders> {
  const findings: Findings = { problems: [], warnings: [] };
  const ids = readCustomIds(environment, customIds, findings);
  const taken = new Set(ids.map((id) => providerVariables(id).url));
  const google = googleWire === "native" && { google: GOOGLE_NATIVE_ROW };
  const rows: Readonly<Record<string, ProviderRow>> = { ...PROVIDER_TABLE, ...google };
  const keyedProviders = new Map<string, readonly Provider[]>();
  const load = (id: string, row: ProviderRow, auth: AuthType | undefined): Provider => {
    const loadWith: Parameters<typeof withKeys>[3] = (given, found) =>
      loadOnce(untouched, given, { id, row, transport }, () => loadProvider(given, id, row, auth, transport, found));
    const [first, ...others] = withKeys(environment, id, furtherKeys, loadWith, findings);
    if (others.length > 0) keyedProviders.set(id, Object.freeze([first, ...others]));
    return first;
  };
  const providers: Provider[] = [];
  const builtIn = Object.entries(rows).filter(([id]) => !taken.has(providerVariables(id).url));
  for (const [id, row] of [...builtIn, ...ids.map((id) => [id, CUSTOM_PROVIDER_ROW] as const)]) {
    const { authType } = providerVariables(id);
    const auth = row === CUSTOM_PROVIDER_ROW ? readAuthType(environment, authType, findings) : undefined;
    providers.push(load(id, row, auth));
    yield;
  }
  return {
    providers: Object.freeze(providers),
    keyedProviders,
    // Two providers may be filled in by the same setting.
    problems: [...new Set(findings.problems)],
    warnings: findings.warnings,
  };
}
