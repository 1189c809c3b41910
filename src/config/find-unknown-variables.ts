import { nearestName } from "../core/nearest-name.ts";
import { PROVIDER_TABLE } from "../providers/table.ts";
import { readVariable, type Environment } from "./environment.ts";
import { providerVariables } from "./provider-variables.ts";
import { SETTING_ROWS } from "./settings-table.ts";

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
] as const;

/**
 * Warns about variables that look like settings of the gateway and are none, one line each, sorted by name.
 * @param customIds the accepted ids of custom providers
 * @param tokenVariables the variables that hold the tokens of the MCP servers
 */
export function findUnknownVariables(
  environment: Environment,
  customIds: readonly string[],
  tokenVariables: readonly string[],
): string[] {
  const aliases = new Set(SETTING_ROWS.flatMap(([, row]) => row.aliases ?? []));
  const known = new Set<string>([...SETTING_ROWS.map(([name]) => name), ...tokenVariables]);
  const prefixes: string[] = [...KNOWN_PREFIXES];
  for (const id of [...Object.keys(PROVIDER_TABLE), ...customIds]) {
    const { url, key, http2, transport, relayHeaders, authType, urlParameter } = providerVariables(id);
    known.add(url).add(key).add(http2).add(transport).add(relayHeaders);
    if (urlParameter !== undefined) known.add(urlParameter);
    if (customIds.includes(id)) known.add(authType);
    prefixes.push(url.slice(0, -"URL".length));
  }
  return Object.keys(environment)
    .filter((name) => /^\w+$/.test(name) && prefixes.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !known.has(name) && !aliases.has(name) && readVariable(environment, name) !== undefined)
    .sort()
    .map((name) => {
      const nearest = nearestName(name, known);
      const suggestion = nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
      return `${name} is not a setting of this version and is ignored${suggestion}`;
    });
}
