import type { Steps } from "../core/event-loop.ts";
import type { Provider } from "../providers/provider.ts";
import { type Environment, readVariable } from "./environment.ts";
import { CLOUD_VARIABLES } from "./providers/cloud/read-cloud.ts";
import { findConflicts } from "./checks/find-conflicts.ts";
import { findIdleSettings } from "./checks/find-idle-settings.ts";
import { findUnknownVariables } from "./checks/find-unknown-variables.ts";
import { foreignNames, readForeignNames } from "./checks/foreign-names.ts";
import { loadMcpServers, type McpServer } from "./load-mcp-servers.ts";
import { mcpServerVariables } from "./mcp-server-variables.ts";
import { loadProviders } from "./providers/load-providers.ts";
import { type LoadedModels, NO_MODELS } from "./models/loaded-models.ts";
import { acceptedValues, parseSetting, type ParsedSetting, refusedEntry } from "./parse-setting.ts";
import { variableNames } from "./providers/provider-variables.ts";
import type { EnvFileLines } from "./scan-env-file.ts";
import { problemLine } from "./setting-problem.ts";
import type { SettingRow } from "./setting-row.ts";
import { SETTING_ROWS, type SettingName, type Settings } from "./settings-table.ts";
import type { UntouchedProviders } from "./providers/untouched-providers.ts";

/** Everything the operator decided, checked and frozen. */
export interface Config extends LoadedModels {
  readonly settings: Settings;
  readonly providers: readonly Provider[];
  /** Those with several keys by their ids, once with each of them; the first one is the provider above. */
  readonly keyedProviders: ReadonlyMap<string, readonly Provider[]>;
  /** In the order of `MCP_SERVERS`, also while MCP is off. */
  readonly mcpServers: readonly McpServer[];
  /** The variables of providers and MCP servers that are set. Only compared: their texts may be secret. */
  readonly variables: ReadonlyMap<string, string>;
}

/** The outcome of reading the environment: a config, or all that is wrong with it at once, one line each. */
export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly warnings: string[] }
  | { readonly ok: false; readonly problems: string[]; readonly warnings: string[] };

interface Found {
  /** The spelling that was used. */
  readonly name: string;
  readonly value: string;
}

function findValue(
  environment: Environment,
  name: SettingName,
  row: SettingRow,
  warnings: string[],
): Found | undefined {
  const spellings: Found[] = [];
  for (const spelling of row.aliases ? [name, ...row.aliases] : [name]) {
    const value = readVariable(environment, spelling);
    if (value !== undefined) spellings.push({ name: spelling, value });
  }
  const [winner] = spellings;
  for (const spelling of spellings) {
    if (spelling.name === name) continue;
    const ignored = spelling === winner ? "" : ` and is ignored, because ${winner?.name} is set too`;
    warnings.push(`${spelling.name} is an older spelling of ${name}${ignored}`);
  }
  return winner;
}

function readSetting(
  environment: Environment,
  name: SettingName,
  row: SettingRow,
  problems: string[],
  warnings: string[],
): ParsedSetting | undefined {
  const found = findValue(environment, name, row, warnings);
  if (found !== undefined) {
    const form = found.name === name ? undefined : row.aliasForm;
    const text = form === undefined ? found.value : form.translate(found.value);
    const value = text === undefined ? undefined : parseSetting(row, text);
    if (value !== undefined) return value;
    // If the value is malformed, nobody can say which part is the secret.
    const shown = row.secret === undefined || row.secret === true ? found.value : "***";
    const expected = form?.expected ?? acceptedValues(row);
    const reason = refusedEntry(row, found.value);
    problems.push(
      problemLine({ name: found.name, value: shown, secret: row.secret === true, ...(reason && { reason }), expected }),
    );
  }
  if (row.default !== undefined) return parseSetting(row, row.default, true);
  return row.type === "list" ? Object.freeze([]) : undefined;
}

/**
 * Reads and checks the whole configuration. Blank variables count as unset. May be interrupted, because requests may go on.
 * Problems (for exit code 2) and warnings name variables and never hold an unmasked secret.
 * @param file what is where in the file that a part of `given` comes from
 * @param furtherKeys the keys of providers after their first, by its variable
 * @param untouched providers that were loaded before, and need not be again
 * @returns without models, which no variable says
 */
export function* loadConfig(
  given: Environment,
  file?: EnvFileLines,
  furtherKeys?: ReadonlyMap<string, readonly string[]>,
  untouched?: UntouchedProviders,
): Steps<LoadedConfig> {
  const problems: string[] = [];
  const customIds = (readVariable(given, "CUSTOM_PROVIDERS") ?? "")
    .split(",")
    .map((id) => id.trim().toLowerCase())
    .filter((id) => id !== "");
  const foreign = readForeignNames(given, customIds);
  const { environment } = foreign;
  const warnings = [...foreign.warnings];
  // The one place where values of the table's row types become the type derived from that table.
  const settings = Object.freeze(
    Object.fromEntries(
      SETTING_ROWS.map(([name, row]) => [name, readSetting(environment, name, row, problems, warnings)]),
    ),
  ) as Settings;
  const { CUSTOM_PROVIDERS: custom, CLIENT_TRANSPORT: transport, GOOGLE_WIRE: googleWire } = settings;
  yield;
  const loaded = yield* loadProviders(environment, custom, transport, googleWire, furtherKeys, untouched);
  problems.push(...loaded.problems);
  yield;
  const mcp = loadMcpServers(environment, settings.MCP_SERVERS);
  problems.push(...mcp.problems);
  const mcpVariables = mcp.servers.flatMap(({ name }) => Object.values(mcpServerVariables(name)));
  const others = [...mcpVariables, ...foreignNames(customIds).map(({ name }) => name), ...CLOUD_VARIABLES];
  warnings.push(...loaded.warnings, ...findUnknownVariables(environment, customIds, others, file));
  yield;
  // Only settings that are each good can be compared with one another.
  if (problems.length === 0) {
    problems.push(...findConflicts(settings, loaded.providers));
    warnings.push(...findIdleSettings(settings));
  }
  if (problems.length > 0) return { ok: false, problems, warnings };
  yield;
  const { providers, keyedProviders } = loaded;
  const names = [...providers.flatMap(({ id }) => variableNames(id)), ...mcpVariables, ...CLOUD_VARIABLES];
  const variables = readVariables(environment, names);
  const known = { settings, providers, keyedProviders, mcpServers: mcp.servers, variables };
  return { ok: true, config: Object.freeze({ ...known, ...NO_MODELS }), warnings };
}

function readVariables(environment: Environment, names: readonly (string | undefined)[]): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name): [string, string][] => {
      const value = name === undefined ? undefined : readVariable(environment, name);
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}
