import type { AuthType, ProviderRow } from "../providers/provider-row.ts";
import { CUSTOM_PROVIDER_ROW, PROVIDER_TABLE } from "../providers/table.ts";
import { BEARER } from "../providers/api-access.ts";
import { credentialOf } from "../providers/credentials/credential.ts";
import type { ListEndpoint, Provider } from "../providers/provider.ts";
import { familiesOf, listsOf, requestParts } from "./provider-requests.ts";
import { type Endpoint, endpointKey } from "../upstream/endpoint.ts";
import { readCloud } from "./cloud/read-cloud.ts";
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
import { type ProviderRequests, readProviderRequests } from "./read-provider-requests.ts";
import { problemLine } from "./setting-problem.ts";
import { ACCEPTED_BASE_URLS } from "./urls.ts";

/** The providers of this process, and what is wrong or doubtful with their settings (one line each). */
export interface LoadedProviders {
  /** In table order, then custom ones as listed. Complete only if there are no problems. */
  readonly providers: readonly Provider[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const CUSTOM_ID = /^[a-z][a-z0-9_-]*$/;
const RESERVED_IDS = new Set([...Object.keys(PROVIDER_TABLE), "demo"]);

/** What is doubtful about the key of a provider, or the lack of one. */
function checkKey(
  environment: Environment,
  id: string,
  {
    row,
    key,
    auth,
    own,
    complete,
    isAuthorized,
  }: Readonly<{
    row: ProviderRow;
    key: string | undefined;
    auth: AuthType;
    own: ProviderRequests;
    complete: boolean;
    /** A credential that is renewed takes the place of a key. */
    isAuthorized: boolean;
  }>,
  { problems, warnings }: Findings,
): void {
  const variables = providerVariables(id);
  const { urlParameter } = variables;
  if (key !== undefined && auth === "none") warnings.push(`${variables.key} is not used: ${id} takes no key`);
  if (own.authHeader && (key === undefined || auth === "none")) {
    const missing = auth === "none" ? `${variables.authType} is none` : `${variables.key} is not set`;
    warnings.push(`${variables.authHeader} is not used: ${missing}`);
  }
  if (key !== undefined && !complete && urlParameter !== undefined && !readVariable(environment, urlParameter)) {
    warnings.push(`${variables.key} is set, but ${urlParameter} is not: ${id} cannot be called`);
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
  declared: ProviderRow,
  wantedAuth: AuthType | undefined,
  usualTransport: Endpoint["transport"],
  findings: Findings,
): Provider {
  const { warnings } = findings;
  const variables = providerVariables(id);
  const key = readKey(environment, variables.key, findings);
  const question = { environment, id, hasKey: key !== undefined, findings };
  const cloud = readCloud(declared, question, variables.url);
  const row = cloud ? { ...declared, url: cloud.url } : declared;
  const base = readBaseUrl(environment, variables.url, row, findings);
  const { baseUrl, unixSocket, complete } = base;
  const http2 = readHttp2(environment, variables.http2, baseUrl, findings);
  const own = readProviderRequests(environment, variables, base, findings);
  const auth = wantedAuth ?? (own.authHeader && row.auth === "none" ? "x-header" : row.auth);
  const credential = cloud?.credential && credentialOf(cloud.credential);
  const keyMissing = key === undefined && auth !== "none" && !credential;
  checkKey(environment, id, { row, key, auth, own, complete, isAuthorized: credential !== undefined }, findings);
  if (keyMissing && wantedAuth !== undefined) {
    warnings.push(`${variables.authType} is ${auth}, but ${variables.key} is not set: ${id} is called without a key`);
  }
  const { urlParameter } = variables;
  const keyOptional = row.keyOptional === true || row.auth === "none";
  const used = auth === "none" ? undefined : key;
  const missingVariables = [
    ...(keyMissing && !keyOptional && !cloud?.missingVariables.length ? [variables.key] : []),
    ...(cloud?.missingVariables ?? []),
    ...(!complete && urlParameter !== undefined ? [urlParameter] : []),
  ];
  const endpoint: ListEndpoint = {
    id,
    endpointKey: endpointKey({ id, baseUrl, unixSocket, http2 }),
    baseUrl,
    unixSocket,
    http2,
    transport: readTransport(environment, variables.transport, usualTransport, findings),
    ...(credential && { credential }),
  };
  const lists = listsOf(row, endpoint, own.query);
  return Object.freeze({
    ...endpoint,
    key: used,
    ...requestParts(row, base, used, keyMissing && keyOptional ? "none" : auth, own),
    relayedHeaders: row.relayedHeaders ?? [],
    extraRequestHeaders: readRelayHeaders(environment, variables.relayHeaders, findings),
    listing: row.listing,
    ...(lists && { lists }),
    ...(row.families && { families: familiesOf(row, own) }),
    ...(row.wires && { wires: row.wires }),
    refusesStreamOptions: row.refusesStreamOptions ?? false,
    ...(row.impliedNameParts && { impliedNameParts: row.impliedNameParts }),
    ...(row.modelMembers && { modelMembers: row.modelMembers }),
    callable: complete && (!keyMissing || keyOptional) && !cloud?.missingVariables.length,
    ...(missingVariables.length > 0 && { missingVariables }),
    configured:
      key !== undefined || readVariable(environment, variables.url) !== undefined || cloud?.isConfigured === true,
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
