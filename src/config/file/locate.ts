import { type Environment, readVariable } from "../environment.ts";
import { type ConfigFile, faultLine } from "./config-file.ts";
import type { Position } from "./file-node.ts";
import type { JoinedFile } from "./join-file.ts";
import type { FileValue } from "./write-variables.ts";

/** A variable, outside of the value of one. */
const NAME = /(?<![\w"$])[A-Z][A-Z0-9_]{3,}\b/g;

/** The value that a problem begins with. */
const QUOTED_VALUE = /^(\S+?=)"(?:[^"\\]|\\.)*"/;

/**
 * Makes what names the places of a file instead of variables in a line about settings. Lines that are not about what the
 * file says stay as they are.
 */
export function createLocator(
  file: ConfigFile,
  { values }: JoinedFile,
  environment: Environment,
): (line: string) => string {
  return (line) => {
    const names = line.match(NAME) ?? [];
    const first = names.find((name) => values.has(name));
    const value = first === undefined ? undefined : values.get(first);
    if (value === undefined) return line;
    const server = serverOf(file, values, line);
    const pathOf = (name: string): string => {
      if (name === "MCP_SERVERS" && server) return `mcp.servers.${server}.url`;
      const isElsewhere = readVariable(environment, name) !== undefined;
      return values.get(name)?.path ?? (isElsewhere ? name : (file.paths[name] ?? name));
    };
    const shown = value.filled ? line.replace(QUOTED_VALUE, '$1"***"') : line;
    return faultLine(file.name, value, shown.replace(NAME, pathOf));
  };
}

/** The server that a problem with the list of them is about. */
function serverOf(file: ConfigFile, values: ReadonlyMap<string, FileValue>, line: string): string | undefined {
  if (!line.startsWith('MCP_SERVERS="') || values.get("MCP_SERVERS") === undefined) return undefined;
  return file.servers.find((name) => line.startsWith(`MCP_SERVERS="${name}=`));
}

/** The place that a line about a file begins with, if it is about one. */
function placeIn({ name }: Pick<ConfigFile, "name">, line: string): Position | undefined {
  const [, at, column] = (line.startsWith(`${name}:`) && /^:(\d+):(\d+): /.exec(line.slice(name.length))) || [];
  return at === undefined ? undefined : { line: Number(at), column: Number(column) };
}

/** Problems in the order of the file; those that are not about a place of it are last. */
export function inOrder(file: Pick<ConfigFile, "name">, problems: readonly string[]): string[] {
  const placed = problems.map((problem) => ({ problem, at: placeIn(file, problem) ?? NOWHERE }));
  return placed
    .sort((one, other) => one.at.line - other.at.line || one.at.column - other.at.column)
    .map(({ problem }) => problem);
}

const NOWHERE: Position = { line: Number.MAX_SAFE_INTEGER, column: 0 };

/** What can be told to everybody of a file that is not accepted: how much is wrong, and where. */
export function summarizeProblems(file: Pick<ConfigFile, "name">, problems: readonly string[]): string {
  const [count, before] = problems.length === 1 ? ["a problem", ""] : [`${problems.length} problems`, ", the first"];
  const [at] = problems.flatMap((problem) => placeIn(file, problem) ?? []);
  const where = at === undefined ? "" : `${before} in line ${at.line}, column ${at.column}`;
  return `${count}${where}; the log has more`;
}
