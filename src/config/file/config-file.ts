import type { FileParts } from "./file-parts.ts";
import type { Position } from "./file-node.ts";
import type { FileValue } from "./write-variables.ts";

/** What a configuration file says, as variables: a layer below those of the environment. Can be sent to another process. */
export interface ConfigFile extends FileParts {
  /** As the operator named it. */
  readonly name: string;
  /** A short hash of what it holds; blank if it cannot be read. */
  readonly version: string;
  /** By the variables that say the same, and only what the environment does not say. */
  readonly values: Readonly<Record<string, FileValue>>;
  /** The providers that it names, by id. */
  readonly providers: Readonly<Record<string, Position>>;
  /** The MCP servers that it names. */
  readonly servers: readonly string[];
  /** All models that it names, also those that something is wrong with. */
  readonly modelNames: readonly string[];
  /** Where it could say what it does not say, by variable. */
  readonly paths: Readonly<Record<string, string>>;
  /** The variables that it is filled in with. */
  readonly references: readonly string[];
  /** What is wrong with it, one line each. */
  readonly problems: readonly string[];
  /** Whether all of it could be looked at. */
  readonly isWhole: boolean;
}

/** The line that says what is wrong, or doubtful, at a place of a file. */
export const faultLine = (name: string, { line, column }: Position, text: string): string =>
  `${name}:${line}:${column}: ${text}`;
