import type { Provider } from "../providers/provider.ts";
import type { Config } from "./load-config.ts";
import type { SettingRow } from "./setting-row.ts";
import { SETTING_ROWS, type SettingName, type Settings } from "./settings-table.ts";

/** What differs between two configurations. Names of variables only: their values may be secret. */
export interface ConfigChanges {
  /** What takes effect without a restart, in table order, then what belongs to providers and MCP servers. */
  readonly changed: readonly string[];
  /** What does not. */
  readonly needRestart: readonly string[];
}

export interface NextConfig extends ConfigChanges {
  /** What is wanted, but for what only a restart changes, which is as before. */
  readonly config: Config;
}

/**
 * What a running gateway can make of a configuration that is wanted instead of its own. Providers that are the same as
 * before are the same objects, by which the parts of the gateway know them again.
 */
export function nextConfig(running: Config, wanted: Config): NextConfig {
  const differing = SETTING_ROWS.filter(([name]) => !Bun.deepEquals(running.settings[name], wanted.settings[name]));
  const kept = differing.filter(([name, row]) => needsRestart(row, running.settings[name], wanted.settings[name]));
  const needRestart = kept.map(([name]) => name);
  const settings = keepSettings(running.settings, wanted.settings, needRestart);
  const providers = keepProviders(running.providers, wanted.providers);
  const applied = differing.flatMap(([name]) => (needRestart.includes(name) ? [] : [name]));
  return {
    config: Object.freeze({ ...wanted, settings, providers }),
    changed: [...applied, ...differingNames(running.variables, wanted.variables)],
    needRestart,
  };
}

/** Names of the settings that name one of these files. */
export function settingsOfFiles(settings: Settings, paths: readonly string[]): readonly string[] {
  return SETTING_ROWS.flatMap(([name]) =>
    paths.some((path) => settings[name] === path || settings[name] === `@${path}`) ? [name] : [],
  );
}

function needsRestart({ appliesAt }: SettingRow, before: unknown, after: unknown): boolean {
  if (appliesAt === undefined) return false;
  return appliesAt === "restart" || (before === undefined) !== (after === undefined);
}

function keepSettings(running: Settings, wanted: Settings, names: readonly SettingName[]): Settings {
  const kept = Object.fromEntries(names.map((name) => [name, running[name]]));
  return Object.freeze({ ...wanted, ...kept });
}

function keepProviders(running: readonly Provider[], wanted: readonly Provider[]): readonly Provider[] {
  const known = new Map(running.map((provider) => [provider.id, provider]));
  return Object.freeze(
    wanted.map((provider) => {
      const before = known.get(provider.id);
      return before && Bun.deepEquals(before, provider) ? before : provider;
    }),
  );
}

function differingNames(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}
