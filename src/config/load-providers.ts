import { type AuthType, CUSTOM_PROVIDER_ROW, PROVIDER_TABLE, type ProviderRow } from "../providers/table.ts";
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
import { problemLine } from "./setting-problem.ts";
import { ACCEPTED_BASE_URLS } from "./urls.ts";

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
  const missingVariables = [
    ...(keyMissing && row.keyOptional !== true ? [variables.key] : []),
    ...(!complete && urlParameter !== undefined ? [urlParameter] : []),
  ];
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
    ...(missingVariables.length > 0 && { missingVariables }),
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
