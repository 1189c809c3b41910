import { statSync } from "node:fs";
import type { Provider } from "../providers/provider.ts";
import { atOnce, inTurns, type Steps } from "../core/event-loop.ts";
import { type Environment, readEnvironment, readVariable } from "./environment.ts";
import { type ConfigFile, faultLine } from "./file/config-file.ts";
import { joinFile } from "./file/join-file.ts";
import { createLocator, inOrder } from "./file/locate.ts";
import type { FileValue } from "./file/write-variables.ts";
import type { RoutingFile } from "./file/read-routing-file.ts";
import { parseSetting } from "./parse-setting.ts";
import { SETTINGS_TABLE } from "./settings-table.ts";
import type { UntouchedProviders } from "./providers/untouched-providers.ts";
import { loadConfig, type LoadedConfig } from "./load-config.ts";
import { addModels } from "./models/add-models.ts";
import type { EnvFileLines } from "./scan-env-file.ts";

/** What a configuration is made of, as it was read. Can be sent to another process. */
export interface ConfigSource {
  /** With the variables of the file of `--env-file`, if there is one. */
  readonly environment: Environment;
  /** What is where in that file. */
  readonly lines?: EnvFileLines;
  /** What the configuration file says, if there is one. */
  readonly file?: ConfigFile;
  /** What the file of `ROUTING_CONFIG_PATH` says, if `ROUTING_ENABLED` is set. */
  readonly routing?: RoutingFile;
}

/** As much of a source as a worker process needs, out of a message that has more; what is wrong with lines is told before. */
export const sourceIn = ({ environment, file, routing }: ConfigSource): ConfigSource => ({
  environment,
  ...(file && { file }),
  ...(routing && { routing }),
});

/** Which files to read, as the command line names them. */
export interface SourceFiles {
  readonly envFile: string | undefined;
  /** Wins over the variable `GATEWAY_CONFIG`. */
  readonly configFile: string | undefined;
}

/** A source, or the one line that says why there is none. A configuration file that cannot be used is in the source. */
export type ReadSource =
  { readonly ok: true; readonly source: ConfigSource } | { readonly ok: false; readonly problem: string };

/** Reads everything that settings come from, as it is now. */
export async function readSource(given: Environment, { envFile, configFile }: SourceFiles): Promise<ReadSource> {
  const read = readEnvironment(given, envFile);
  if (!read.ok) return read;
  const lines = read.lines && { lines: read.lines };
  const path = configFile ?? readVariable(read.environment, "GATEWAY_CONFIG");
  const routing = await readRouting(read.environment);
  if (path === undefined) return { ok: true, source: { environment: read.environment, ...lines, ...routing } };
  const environment = { ...read.environment, GATEWAY_CONFIG: path };
  // The reader of YAML and its schemas are in memory only if they are used.
  const { readConfigFile } = await import("./file/read-config-file.ts");
  return {
    ok: true,
    source: { environment, ...lines, file: await inTurns(readConfigFile(path, environment)), ...routing },
  };
}

/**
 * What reads everything again, as it is then. To be made right after it was read first. A pipe that the file of settings was,
 * such as standard input, is at its end by then: what it has said stays.
 * @param first what was read
 */
export function rereadSource(given: Environment, files: SourceFiles, first: ConfigSource): () => Promise<ReadSource> {
  const { envFile } = files;
  // The file stays the one that it is now, whatever names it later.
  const configFile = first.file?.name;
  if (envFile === undefined) return () => readSource(given, { envFile, configFile });
  if (isSpecial(envFile)) return () => readSource(first.environment, { envFile: undefined, configFile });
  return async () => {
    // A pipe would be waited for, and everybody with it.
    const problem = `--env-file ${JSON.stringify(envFile)} cannot be read: it is no regular file`;
    return isSpecial(envFile) ? { ok: false, problem } : readSource(given, { envFile, configFile });
  };
}

/** Whether a path leads to a pipe, a device and the like. */
function isSpecial(path: string): boolean {
  try {
    const status = statSync(path);
    return !status.isFile() && !status.isDirectory();
  } catch {
    return false;
  }
}

async function readRouting(environment: Environment): Promise<Pick<ConfigSource, "routing">> {
  const { ROUTING_ENABLED: row } = SETTINGS_TABLE;
  const path = readVariable(environment, "ROUTING_CONFIG_PATH");
  const isEnabled = parseSetting(row, readVariable(environment, "ROUTING_ENABLED") ?? row.default) === true;
  if (path === undefined || !isEnabled) return {};
  const { readRoutingFile } = await import("./file/read-routing-file.ts");
  return { routing: await inTurns(readRoutingFile(path, environment)) };
}

/** What begins a line about the value of one setting; others are about several, of which some may be wrong. */
const ABOUT_ONE = /^\w+="/;

/** Reads and checks a configuration. Problems with what a file says name its place there instead of a variable. */
export function loadSource(source: ConfigSource): LoadedConfig {
  return atOnce(loadInSteps(source));
}

/** @param untouched providers that were loaded before, and need not be again */
function* loadInSteps(source: ConfigSource, untouched?: UntouchedProviders): Steps<LoadedConfig> {
  const { environment, lines, file, routing } = source;
  if (file === undefined) {
    const loaded = yield* loadConfig(environment, lines, undefined, untouched);
    yield;
    return addModels(loaded, { routing });
  }
  if (!file.isWhole) return { ok: false, problems: [...file.problems], warnings: [] };
  const joined = joinFile(environment, file);
  yield;
  const loaded = yield* loadConfig(joined.environment, lines, furtherKeysOf(joined.values), untouched);
  yield;
  const locate = createLocator(file, joined, environment);
  const ofFile = [...file.problems, ...joined.problems];
  const further = loaded.ok ? [] : loaded.problems.filter((problem) => ofFile.length === 0 || ABOUT_ONE.test(problem));
  const problems = [...ofFile, ...further.map(locate)];
  // A variable that the file is filled in with is in use, whatever it looks like.
  const isUsed = (warning: string): boolean =>
    file.references.some((name) => file.paths[name] === undefined && warning.startsWith(`${name} `));
  const idle = loaded.ok && problems.length === 0 ? namedInVain(file, loaded.config.providers) : [];
  const warnings = [...joined.warnings, ...loaded.warnings.filter((line) => !isUsed(line)).map(locate), ...idle];
  const whole: LoadedConfig =
    loaded.ok && problems.length === 0 ? { ...loaded, warnings } : { ok: false, problems, warnings };
  yield;
  const complete = addModels(whole, { file, routing });
  return complete.ok ? complete : { ...complete, problems: inOrder(file, complete.problems) };
}

/**
 * As {@link loadSource}, for a gateway that serves already: it goes on meanwhile, and what nobody foresaw must not end it.
 * @param untouched providers that were loaded before, and need not be again
 */
export async function loadSourceAgain(source: ConfigSource, untouched: UntouchedProviders): Promise<LoadedConfig> {
  try {
    return await inTurns(loadInSteps(source, untouched));
  } catch (error) {
    const name = error instanceof Error ? error.name : "error";
    return { ok: false, problems: [`the settings cannot be loaded: ${name}`], warnings: [] };
  }
}

function furtherKeysOf(values: ReadonlyMap<string, FileValue>): ReadonlyMap<string, readonly string[]> {
  return new Map([...values].flatMap(([name, { furtherKeys }]) => (furtherKeys?.length ? [[name, furtherKeys]] : [])));
}

/** The providers that the file names, but that lack what they are called with. */
function namedInVain(file: ConfigFile, providers: readonly Provider[]): string[] {
  return providers.flatMap(({ id, configured, missingVariables = [] }) => {
    const at = file.providers[id];
    if (at === undefined || configured) return [];
    const missing = missingVariables.map((name) => file.paths[name] ?? name).join(" and ");
    return [faultLine(file.name, at, `providers.${id} is not in use${missing === "" ? "" : `: it needs ${missing}`}`)];
  });
}
