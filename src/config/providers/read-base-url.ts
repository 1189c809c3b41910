import { pathOf } from "../../providers/join-path.ts";
import type { ProviderRow, UrlParameter } from "../../providers/provider-row.ts";
import { readVariable, type Environment } from "../environment.ts";
import type { Findings } from "./provider-variables.ts";
import { problemLine } from "../setting-problem.ts";
import { ACCEPTED_BASE_URLS, type BaseUrl, parseBaseUrl, shownRefusedUrl } from "../urls.ts";

/** The base URL of a provider, as far as settings make one. */
export interface ProviderBaseUrl extends BaseUrl {
  /** The variables without which it cannot be called: their placeholders are still in it. */
  readonly missing: readonly string[];
  /** It can be called. */
  readonly complete: boolean;
  /** What filled in placeholders, as `NAME=value`. */
  readonly shown: readonly string[];
}

const NAME = /^[A-Za-z0-9_-]+$/;
const HOST = /^(?:https:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?)\/?$/i;

/** What the setting for a placeholder accepts, to follow the word "expected". */
export const acceptedParameter = ({ isHost }: UrlParameter): string =>
  isHost ? "a host, with or without https:// before it" : "letters, digits, - and _";

/** What is put in for a placeholder, or undefined if it is not set or refused. */
function readParameter(environment: Environment, parameter: UrlParameter, { problems }: Findings): string | undefined {
  const { variable, isHost } = parameter;
  const value = readVariable(environment, variable);
  if (value === undefined) return undefined;
  const [, host] = isHost ? (HOST.exec(value) ?? []) : [];
  const accepted = isHost ? host : NAME.test(value) ? value : undefined;
  if (accepted !== undefined) return accepted;
  problems.push(problemLine({ name: variable, value, secret: true, expected: acceptedParameter(parameter) }));
  return undefined;
}

/**
 * Reads it from its variable or takes that of the row, and fills in its placeholders.
 * @param name of the variable
 */
export function readBaseUrl(
  environment: Environment,
  name: string,
  row: ProviderRow,
  findings: Findings,
): ProviderBaseUrl {
  const value = readVariable(environment, name) ?? row.url;
  const parameters = (row.urlParameters ?? []).map((parameter) => ({
    ...parameter,
    text: readParameter(environment, parameter, findings),
  }));
  const shown = parameters.flatMap(({ variable, text }) => (text === undefined ? [] : [`${variable}=${text}`]));
  let filled = value;
  for (const { placeholder, text } of parameters) if (text !== undefined) filled = filled.replaceAll(placeholder, text);
  const open = parameters.filter(({ placeholder }) => filled.includes(placeholder));
  // A host cannot have braces.
  const closed = open.reduce((url, { placeholder }) => url.replaceAll(placeholder, bare(placeholder)), filled);
  const parsed = parseBaseUrl(closed);
  if (!parsed.ok) {
    // All of it, because the end of a URL may be the whole of a short password.
    const { reason } = parsed;
    const problem = { name, value: shownRefusedUrl(value), secret: false, reason, expected: ACCEPTED_BASE_URLS };
    findings.problems.push(problemLine(problem));
    const baseUrl = row.url.includes("{") || row.url === "" ? "https://localhost" : row.url;
    return { baseUrl, unixSocket: undefined, query: "", missing: [], complete: false, shown };
  }
  const { baseUrl, unixSocket, query } = parsed.value;
  const whole = unixSocket === undefined ? completed(row, baseUrl) : baseUrl;
  return {
    baseUrl: open.length === 0 ? whole : reopened(whole, open),
    unixSocket,
    query,
    shown,
    missing: open.map(({ variable }) => variable),
    complete: open.length === 0,
  };
}

/** The address with the path of the row, if it is known by another one. */
function completed({ url, completedPaths }: ProviderRow, baseUrl: string): string {
  const path = pathOf(baseUrl);
  return completedPaths?.includes(path) ? baseUrl.slice(0, baseUrl.length - path.length) + pathOf(url) : baseUrl;
}

/** What stands for a placeholder in a URL that is only ever shown. */
const bare = (placeholder: string): string => `placeholder-${placeholder.slice(1, -1).toLowerCase()}-`;

const reopened = (url: string, parameters: readonly UrlParameter[]): string =>
  parameters.reduce((shown, { placeholder }) => shown.replaceAll(bare(placeholder), placeholder), url);
