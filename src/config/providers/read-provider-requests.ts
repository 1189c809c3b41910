import { secretParts } from "../../core/redact/redact.ts";
import type { AuthHeader } from "../../providers/api-access.ts";
import { pathOf } from "../../providers/join-path.ts";
import type { WantedApi } from "../../providers/provider-apis.ts";
import { withoutOwn } from "../../providers/query.ts";
import { readVariable, type Environment } from "../environment.ts";
import { ACCEPTED_HEADERS } from "../parse-headers.ts";
import { ACCEPTED_APIS, parseApis } from "./parse-provider-apis.ts";
import {
  ACCEPTED_AUTH_HEADERS,
  ACCEPTED_QUERIES,
  parseAuthHeader,
  parseProviderHeaders,
  parseQuery,
  Refused,
} from "./parse-provider-headers.ts";
import type { Findings, ProviderVariables } from "./provider-variables.ts";
import { parseSetting, acceptedValues } from "../parse-setting.ts";
import { problemLine } from "../setting-problem.ts";
import { ENCODED_SLASHES_ROW } from "../settings/providers.ts";

/** What an operator says of the requests to one provider. */
export interface ProviderRequests {
  readonly headers: Readonly<Record<string, string>>;
  /** As in a URL, without the `?`; blank if there are no parameters. */
  readonly query: string;
  readonly authHeader: AuthHeader | undefined;
  readonly apis: readonly WantedApi[] | undefined;
  /** Undefined if the row decides. */
  readonly encodedSlashes: boolean | undefined;
  /** First segments of paths that `/proxy` finds below the root. */
  readonly rootPaths: readonly string[];
  /** All of that as `NAME=value`, without what may be secret. */
  readonly shown: readonly string[];
}

/** Of most providers; to find that out part by part took an eighth of the time of loading them. */
const NOTHING_SAID: ProviderRequests = Object.freeze({
  headers: Object.freeze({}),
  query: "",
  authHeader: undefined,
  apis: undefined,
  encodedSlashes: undefined,
  rootPaths: Object.freeze([]),
  shown: Object.freeze([]),
});

/** What `<ID>_ROOT_PATHS` accepts, to follow the word "expected". */
export const ACCEPTED_ROOT_PATHS = "a comma-separated list of the first segments of paths, or * for all";
const ROOT_PATH = /^(?:\*|[A-Za-z0-9_.~-]+(?:\/[A-Za-z0-9_.~-]+)*)$/;

/**
 * Reads them. Problems are reported without any value, since all of them may be secrets.
 * @param baseUrl of the provider
 * @param ownQuery that of its base URL, which gives way to parameters of the same name
 */
export function readProviderRequests(
  environment: Environment,
  variables: ProviderVariables,
  { baseUrl, query: ownQuery }: { readonly baseUrl: string; readonly query: string },
  { problems }: Findings,
): ProviderRequests {
  const { headers: names, query: parameters, authHeader, apis, encodedSlashes, rootPaths } = variables;
  const all = [names, parameters, authHeader, apis, encodedSlashes, rootPaths];
  if (ownQuery === "" && all.every((name) => readVariable(environment, name) === undefined)) return NOTHING_SAID;
  const read = <Value>(name: string, expected: string, parse: (text: string) => Value | Refused): Value | undefined => {
    const value = readVariable(environment, name);
    const parsed = value === undefined ? undefined : parse(value);
    if (!(parsed instanceof Refused)) return parsed;
    problems.push(problemLine({ name, value: "***", secret: false, reason: parsed.reason, expected }));
    return undefined;
  };
  const headers = read(variables.headers, ACCEPTED_HEADERS, parseProviderHeaders) ?? {};
  const query = read(variables.query, ACCEPTED_QUERIES, (text) => parseQuery(text) ?? new Refused("it has none"));
  const kept = query === undefined ? ownQuery : withoutOwn(ownQuery, query);
  const joined = [kept, query ?? ""].filter((part) => part !== "").join("&");
  return {
    headers,
    query: joined,
    authHeader: read(
      variables.authHeader,
      ACCEPTED_AUTH_HEADERS,
      (text) => parseAuthHeader(text) ?? new Refused("it is no header"),
    ),
    apis: read(variables.apis, ACCEPTED_APIS, (text) =>
      parseApis(text, baseUrl.slice(0, baseUrl.length - pathOf(baseUrl).length)),
    ),
    encodedSlashes: read(variables.encodedSlashes, acceptedValues(ENCODED_SLASHES_ROW), (text) => {
      const value = parseSetting(ENCODED_SLASHES_ROW, text);
      return typeof value === "boolean" ? value : new Refused("it is neither");
    }),
    rootPaths: read(variables.rootPaths, ACCEPTED_ROOT_PATHS, parseRootPaths) ?? [],
    shown: [
      ...showEach(variables.headers, Object.keys(headers), ": ", ", "),
      ...showEach(variables.query, namesOf(joined), "=", "&"),
      ...[variables.authHeader, variables.apis, variables.encodedSlashes, variables.rootPaths].flatMap((name) => {
        const value = readVariable(environment, name);
        return value === undefined ? [] : [`${name}=${value}`];
      }),
    ],
  };
}

const namesOf = (query: string): string[] =>
  query === "" ? [] : query.split("&").map((pair) => pair.replace(/=.*/s, ""));

/** A setting of names and values, the values masked. */
function showEach(name: string, names: readonly string[], sign: string, between: string): string[] {
  return names.length === 0 ? [] : [`${name}=${names.map((each) => `${each}${sign}***`).join(between)}`];
}

function parseRootPaths(list: string): readonly string[] | Refused {
  const paths = list
    .split(",")
    .map((path) => path.trim().replace(/^\/+|\/+$/g, ""))
    .filter((path) => path !== "");
  return paths.every((path) => ROOT_PATH.test(path) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(path))
    ? paths
    : new Refused("an entry is no path");
}

/** Of headers and parameters that say nothing secret, and of which providers speak in their errors. */
const PUBLIC = new Set(["accept", "anthropic-beta", "anthropic-version", "api-version", "openai-beta", "user-agent"]);

/** What may be secret of an operator's headers and parameters: it is masked in what the provider says. */
export function secretValues(headers: Readonly<Record<string, string>>, query: string): string[] {
  const parameters = [...new URLSearchParams(query)];
  const written = query.split("&").map((pair): [string, string] => {
    const sign = pair.indexOf("=");
    return [pair.slice(0, sign), pair.slice(sign + 1)];
  });
  const values = [...Object.entries(headers), ...parameters, ...written]
    .filter(([name]) => !PUBLIC.has(name.toLowerCase()))
    .flatMap(([name, value]) => secretParts(name, value));
  return [...new Set(values)];
}
