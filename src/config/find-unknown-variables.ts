import { PROVIDER_TABLE } from "../providers/table.ts";
import { readVariable, type Environment } from "./environment.ts";
import { providerVariables } from "./provider-variables.ts";
import { SETTING_ROWS } from "./settings-table.ts";

function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const insertion = (current[column - 1] ?? 0) + 1;
      const deletion = (previous[column] ?? 0) + 1;
      current.push(Math.min(substitution, insertion, deletion));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/**
 * Finds what a misspelled name was meant to be.
 * @returns the known name with the smallest edit distance (the first of equals), or undefined if even that one
 * differs in more than a third of the characters, so that naming it would mislead
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let smallest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

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
 * @param mcpVariables the variables that belong to MCP servers
 */
export function findUnknownVariables(
  environment: Environment,
  customIds: readonly string[],
  mcpVariables: readonly string[],
): string[] {
  const aliases = new Set(SETTING_ROWS.flatMap(([, row]) => row.aliases ?? []));
  const known = new Set<string>([...SETTING_ROWS.map(([name]) => name), ...mcpVariables]);
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
