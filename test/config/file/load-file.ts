import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSource, readSource } from "../../../src/config/config-source.ts";
import type { Config, LoadedConfig } from "../../../src/config/load-config.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

export const newFolder = (): string => scratchFolder("gateway-file");

/** Writes a text to a file in a folder of its own. @returns its path */
export function writeFile(text: string | Uint8Array, name = "file.yaml"): string {
  const path = join(newFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** Loads what a configuration file says, in an environment. The file is called `F` in problems and warnings. */
export async function loadFile(
  text: string | Uint8Array,
  environment: Readonly<Record<string, string>> = {},
): Promise<LoadedConfig> {
  const path = writeFile(text);
  const read = await readSource(environment, { envFile: undefined, configFile: path });
  if (!read.ok) throw new Error(read.problem);
  const loaded = loadSource(read.source);
  const named = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll(path, "F"));
  const warnings = named(loaded.warnings);
  return loaded.ok ? { ...loaded, warnings } : { ok: false, problems: named(loaded.problems), warnings };
}

/** The configuration that a file makes. */
export async function configOf(text: string, environment: Readonly<Record<string, string>> = {}): Promise<Config> {
  const loaded = await loadFile(text, environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config;
}

/** What is wrong with a file. */
export async function problemsOf(
  text: string | Uint8Array,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const loaded = await loadFile(text, environment);
  return loaded.ok ? [] : loaded.problems;
}
