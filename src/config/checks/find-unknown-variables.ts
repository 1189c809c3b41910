import { nearestName, nearestWithin } from "../../core/nearest-name.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import { readVariable, type Environment } from "../environment.ts";
import { explainProviderLike, explainUrl } from "./key-like-names.ts";
import { providerVariables } from "../providers/provider-variables.ts";
import type { EnvFileLines } from "../scan-env-file.ts";
import { SETTING_ROWS } from "../settings-table.ts";

const KNOWN_PREFIXES = [
  "SERVER_",
  "CLIENT_",
  "AUTH_",
  "MCP_",
  "LOG_",
  "MODELS_",
  "SWAGGER_",
  "ALLOWED_",
  "DISALLOWED_",
  "CUSTOM_",
  "TELEMETRY_",
] as const;

/** A name as it is written in a file; what is not like it may be a part of a secret. */
const SHOWN_NAME = /^(?:[A-Z][A-Z0-9_]*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+)$/;

/**
 * Warns about variables that look like settings of the gateway, or of providers, and are none; and about everything in
 * the gateway's own file that is none. One line each, sorted by name.
 * @param customIds the accepted ids of custom providers
 * @param others variables that are known beside the settings: those of MCP servers, and those of other tools
 * @param file where the variables of `--env-file` are
 */
export function findUnknownVariables(
  environment: Environment,
  customIds: readonly string[],
  others: readonly string[],
  file?: EnvFileLines,
): string[] {
  const known = new Set<string>([...SETTING_ROWS.map(([name]) => name), ...others]);
  const ofProviders = new Set<string>();
  const prefixes: string[] = [...KNOWN_PREFIXES];
  const ids = [...Object.keys(PROVIDER_TABLE), ...customIds];
  for (const id of ids) {
    const { authType, ...variables } = providerVariables(id);
    for (const name of Object.values(variables).flat()) ofProviders.add(name);
    if (customIds.includes(id)) ofProviders.add(authType);
    prefixes.push(variables.url.slice(0, -"URL".length));
  }
  for (const name of ofProviders) known.add(name);
  const aliases = new Set(SETTING_ROWS.flatMap(([, row]) => row.aliases ?? []));
  const isSet = (name: string): boolean => readVariable(environment, name) !== undefined;
  const isUnknown = (name: string): boolean => !known.has(name) && !aliases.has(name) && isSet(name);

  const explain = (name: string): string | undefined => {
    if (prefixes.some((prefix) => name.startsWith(prefix))) {
      const nearest = nearestName(name, known);
      const suggestion = nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
      return `${name} is not a setting of this version and is ignored${suggestion}`;
    }
    const explained = explainProviderLike(name, ofProviders, ids, nearestWithin, isSet);
    return explained ?? explainUrl(name, file?.variables.has(name) === true, isSet);
  };

  const named = Object.keys(environment)
    .filter((name) => /^\w+$/.test(name) && isUnknown(name) && !file?.variables.has(name))
    .sort()
    .flatMap((name) => explain(name) ?? []);
  return [...named, ...linesInFile(file, isUnknown, explain)];
}

/** What to say of the lines of a file, in their order. */
function linesInFile(
  file: EnvFileLines | undefined,
  isUnknown: (name: string) => boolean,
  explain: (name: string) => string | undefined,
): string[] {
  const unknown = [...(file?.variables ?? [])]
    .filter(([name]) => isUnknown(name))
    .map(([name, line]): [number, string] => {
      if (!SHOWN_NAME.test(name)) return [line, "its name is none of this version's, and it is ignored"];
      return [line, explain(name) ?? `${name} is not a setting of this version and is ignored`];
    });
  const unread = (file?.unread ?? []).map((line): [number, string] => [line, "it is not NAME=value and is ignored"]);
  return [...unknown, ...unread]
    .sort(([one], [other]) => one - other)
    .map(([line, problem]) => `line ${line} of --env-file: ${problem}`);
}
