import { nearestName } from "../../core/nearest-name.ts";
import type { ProviderRow } from "../../providers/provider-row.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import { type Environment, readVariable } from "../environment.ts";
import { foreignNames } from "../checks/foreign-names.ts";
import { mcpPrefix } from "../mcp-server-variables.ts";
import { providerVariables } from "../providers/provider-variables.ts";
import { SETTING_ROWS } from "../settings-table.ts";
import { ACCEPTED_BASE_URLS } from "../urls.ts";
import { type ConfigFile, faultLine } from "./config-file.ts";
import type { FileValue } from "./write-variables.ts";

/** The variables of the environment with those of a configuration file below them. */
export interface JoinedFile {
  readonly environment: Environment;
  /** What of it the file says, by variable. */
  readonly values: ReadonlyMap<string, FileValue>;
  /** What is wrong with the file, seen with the environment. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const ROWS: ReadonlyMap<string, ProviderRow> = new Map(Object.entries<ProviderRow>(PROVIDER_TABLE));

/** Adds what a file says to an environment. What the environment sets, under an older spelling too, wins. */
export function joinFile(given: Environment, file: ConfigFile): JoinedFile {
  const isSet = (name: string): boolean => readVariable(given, name) !== undefined;
  const aliases = new Map(SETTING_ROWS.map(([name, row]) => [name as string, row.aliases ?? []]));
  const values = new Map(
    Object.entries(file.values).filter(([name, { hasOwnVariable }]) => {
      return hasOwnVariable || ![name, ...(aliases.get(name) ?? [])].some(isSet);
    }),
  );
  const warnings = joinServers(given, file, values);
  const { custom, problems } = joinProviders(given, file, values);
  const listed = (readVariable(given, "CUSTOM_PROVIDERS") ?? "").split(",").map((id) => id.trim().toLowerCase());
  const ids = [...new Set([...listed, ...custom])].filter((id) => id !== "");
  const environment: Record<string, string | undefined> = { ...given };
  // What another tool's variable is for is what the file says.
  for (const { name } of foreignNames(ids)) if (file.references.includes(name)) environment[name] = undefined;
  const [first] = custom;
  if (first !== undefined) {
    const at = file.providers[first] ?? { line: 1, column: 1 };
    values.set("CUSTOM_PROVIDERS", { ...at, path: "providers", text: ids.join(","), filled: false });
  }
  for (const [name, { text }] of values) environment[name] = text;
  return { environment, values, problems, warnings };
}

/** Puts the list of servers in the place of the addresses of each. @returns warnings */
function joinServers(given: Environment, file: ConfigFile, values: Map<string, FileValue>): readonly string[] {
  const urls = file.servers.flatMap((name): readonly (readonly [string, FileValue])[] => {
    const variable = `${mcpPrefix(name)}URL`;
    const url = values.get(variable);
    values.delete(variable);
    return url ? [[name, url]] : [];
  });
  const listed = readVariable(given, "MCP_SERVERS");
  const [first] = urls;
  if (first === undefined) return [];
  if (listed === undefined) {
    const text = urls.map(([name, url]) => `${name}=${url.text}`).join(",");
    const filled = urls.some(([, url]) => url.filled);
    values.set("MCP_SERVERS", { ...first[1], path: "mcp.servers", text, filled });
    return [];
  }
  const kept = listed.split(",").map((entry) => mcpPrefix(/^\s*([^=:/?#]*)=/.exec(entry)?.[1] ?? ""));
  for (const [name] of urls) {
    const prefix = mcpPrefix(name);
    if (kept.includes(prefix)) continue;
    for (const variable of [...values.keys()]) {
      if (variable.startsWith(prefix) && file.paths[variable]?.startsWith(`mcp.servers.${name}.`))
        values.delete(variable);
    }
  }
  return [faultLine(file.name, first[1], "mcp.servers is not used, because MCP_SERVERS is set")];
}

/** @returns the ids of those that are not built in and can be called, and what is wrong with others */
function joinProviders(given: Environment, file: ConfigFile, values: Map<string, FileValue>) {
  const custom: string[] = [];
  const problems: string[] = [];
  const owners = new Map([...ROWS.keys()].map((id) => [providerVariables(id).url, id]));
  for (const [id, at] of Object.entries(file.providers)) {
    const { url } = providerVariables(id);
    const row = ROWS.get(id);
    const hasUrl = values.has(url) || readVariable(given, url) !== undefined;
    const path = `providers.${id}`;
    if (row) {
      // Who names a server of their own wants it, if only at its usual address.
      const isLocal = row.auth === "none" || row.keyOptional === true;
      if (isLocal && !hasUrl) values.set(url, { ...at, text: row.url, path, filled: false });
      continue;
    }
    const owner = owners.get(url);
    owners.set(url, id);
    if (owner !== undefined) {
      problems.push(faultLine(file.name, at, `${path} has the same variables as ${owner}: expected another id`));
    } else if (hasUrl) custom.push(id);
    else if (!file.problems.some((problem) => problem.includes(`${path}.base_url`))) {
      const near = nearestName(id, ROWS.keys());
      const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
      const missing = `${path} is not built in${hint}, and ${path}.base_url is not there: expected ${ACCEPTED_BASE_URLS}`;
      problems.push(faultLine(file.name, at, missing));
    }
  }
  return { custom, problems };
}
