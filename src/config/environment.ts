import { errorCodeOf } from "../core/error-code.ts";
import { readFileSync } from "node:fs";
import { type EnvFileLines, scanEnvFile } from "./scan-env-file.ts";

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads one variable without the whitespace around it, which mounted secrets and shells like to add.
 * @returns undefined if the variable is not set or blank: `OPENAI_API_KEY=` is how operators unset one
 */
export function readVariable(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is no UTF-8 text",
};

/** Why a file cannot be read, in a few words, by the error of the system or of the decoder. */
export function readingProblem(error: unknown): string {
  const code = errorCodeOf(error) ?? "unknown error";
  return REASONS[code] ?? code;
}

/** An environment and what is where in its file, if it has one, or the one line that says why it cannot be read. */
export type ReadEnvironment =
  | { readonly ok: true; readonly environment: Environment; readonly lines?: EnvFileLines }
  | { readonly ok: false; readonly problem: string };

/** An environment as it is now, with the variables of a `.env` file as it is now, if there is one. */
export function readEnvironment(environment: Environment, path: string | undefined): ReadEnvironment {
  return path === undefined ? { ok: true, environment } : readEnvFile(path, environment);
}

/**
 * Adds the variables of a `.env` file to an environment. A variable that the environment sets (and not to blank) wins.
 * @param path relative to the working directory
 * @returns the joined environment and what is where in the file, or the one line that says why it cannot be read
 */
export function readEnvFile(path: string, environment: Environment): ReadEnvironment {
  let text: string;
  try {
    // In UTF-16, as Windows writes it, no line would be a setting, and authentication off. A byte order mark is skipped.
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    return { ok: false, problem: `--env-file ${JSON.stringify(path)} cannot be read: ${readingProblem(error)}` };
  }
  const joined: Record<string, string | undefined> = { ...environment };
  for (const [name, value] of Object.entries(process.getBuiltinModule("node:util").parseEnv(text))) {
    if (readVariable(environment, name) === undefined) joined[name] = value;
  }
  return { ok: true, environment: joined, lines: scanEnvFile(text) };
}
