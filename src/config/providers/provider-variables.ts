import { AUTH_TYPES, type AuthType, type ProviderRow } from "../../providers/provider-row.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import type { Endpoint } from "../../upstream/endpoint.ts";
import { readVariable, type Environment } from "../environment.ts";
import { ACCEPTED_RELAY_HEADERS, parseRelayHeaders } from "./parse-relay-headers.ts";
import { acceptedValues, parseSetting } from "../parse-setting.ts";
import { problemLine } from "../setting-problem.ts";
import { HTTP2_ROW, TRANSPORT_ROW } from "../settings/providers.ts";

/** The names of the variables that belong to one provider. */
export interface ProviderVariables {
  readonly url: string;
  readonly key: string;
  readonly http2: string;
  readonly transport: string;
  readonly relayHeaders: string;
  readonly headers: string;
  readonly query: string;
  readonly authHeader: string;
  readonly apis: string;
  readonly encodedSlashes: string;
  readonly rootPaths: string;
  /** Read for custom providers only. */
  readonly authType: string;
  /** Those that this provider has and others do not: what its base URL and its requests are filled in with. */
  readonly particular: readonly string[];
}

const ROWS: ReadonlyMap<string, ProviderRow> = new Map(Object.entries<ProviderRow>(PROVIDER_TABLE));

/** Names the variables of a built-in or custom provider: `my-server` is set by `MY_SERVER_API_URL` and so on. */
export function providerVariables(id: string): ProviderVariables {
  return BUILT_IN.get(id) ?? nameVariables(id);
}

function nameVariables(id: string): ProviderVariables {
  const prefix = id.toUpperCase().replaceAll("-", "_");
  const { urlParameters = [], dated } = ROWS.get(id) ?? {};
  return {
    url: `${prefix}_API_URL`,
    key: `${prefix}_API_KEY`,
    http2: `${prefix}_HTTP2`,
    transport: `${prefix}_TRANSPORT`,
    relayHeaders: `${prefix}_RELAY_HEADERS`,
    headers: `${prefix}_HEADERS`,
    query: `${prefix}_QUERY`,
    authHeader: `${prefix}_AUTH_HEADER`,
    apis: `${prefix}_APIS`,
    encodedSlashes: `${prefix}_ENCODED_SLASHES`,
    rootPaths: `${prefix}_ROOT_PATHS`,
    authType: `${prefix}_AUTH_TYPE`,
    particular: [...urlParameters.map(({ variable }) => variable), ...(dated ? [dated.variable] : [])],
  };
}

/** Every reload asks for those of each built-in provider several times. */
const BUILT_IN: ReadonlyMap<string, ProviderVariables> = new Map([...ROWS.keys()].map((id) => [id, nameVariables(id)]));

/** All of them, in one list. */
export function variableNames(id: string): readonly string[] {
  const { particular, ...others } = providerVariables(id);
  return [...Object.values(others), ...particular];
}

/** What is wrong or doubtful with the settings of providers, one line each. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

// A key travels in a header: a line break would smuggle in another one, and fetch throws on most of what is not ASCII.
const KEY = /^[\x20-\x7e]+$/;

export function readKey(environment: Environment, name: string, { problems }: Findings): string | undefined {
  const value = readVariable(environment, name);
  if (value === undefined || KEY.test(value)) return value;
  problems.push(problemLine({ name, value, secret: true, expected: "printable ASCII characters in a single line" }));
  return undefined;
}

export function readAuthType(environment: Environment, name: string, { problems }: Findings): AuthType | undefined {
  const value = readVariable(environment, name);
  const authType = AUTH_TYPES.find((known) => known === value?.toLowerCase());
  if (value !== undefined && authType === undefined) {
    // Masked, because a key pasted into the wrong line looks like this.
    problems.push(problemLine({ name, value, secret: true, expected: `one of ${AUTH_TYPES.join(", ")}` }));
  }
  return authType;
}

export function readHttp2(environment: Environment, name: string, baseUrl: string, { problems }: Findings): boolean {
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

/** @param fallback applies if the variable is not set or not usable. */
export function readTransport(
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

export function readRelayHeaders(environment: Environment, name: string, { problems }: Findings): readonly string[] {
  const value = readVariable(environment, name);
  if (value === undefined) return [];
  const parsed = parseRelayHeaders(value);
  if ("names" in parsed) return parsed.names;
  const { refused, reason } = parsed;
  // Masked if it is not a name, because it may be a whole header, with its value.
  const secret = reason === undefined;
  problems.push(
    problemLine({ name, value: refused, secret, ...(reason && { reason }), expected: ACCEPTED_RELAY_HEADERS }),
  );
  return [];
}
