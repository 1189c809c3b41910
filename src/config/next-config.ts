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
  const keyedProviders = keepKeys(running, wanted, providers);
  const models = keepNamed(running.models, wanted.models, nameOf);
  const plainModels = keepNamed(running.plainModels, wanted.plainModels, nameOf);
  const providerRoutings = keepNamed(running.providerRoutings, wanted.providerRoutings, idOf);
  const prices = keepNamed(running.prices, wanted.prices, nameOf);
  const named = { models, plainModels, providerRoutings, prices };
  const applied = differing.flatMap(([name]) => (needRestart.includes(name) ? [] : [name]));
  return {
    config: Object.freeze({ ...wanted, settings, providers, keyedProviders, ...named }),
    changed: [
      ...applied,
      ...differingNames(running.variables, wanted.variables),
      ...differingParts(running.providerRoutings, providerRoutings, idOf).map((id) => `providers.${id}`),
      ...differingParts(running.models, models, nameOf).map((name) => `models.${name}`),
      ...differingParts(running.prices, prices, nameOf).map((name) => `prices.${name}`),
    ],
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

/** With the first of its keys a provider is the one of the list. */
function keepKeys(running: Config, wanted: Config, providers: readonly Provider[]): Config["keyedProviders"] {
  const kept = new Map(providers.map((provider) => [provider.id, provider]));
  return new Map(
    [...wanted.keyedProviders].map(([id, [first, ...others]]) => {
      const before = new Map(running.keyedProviders.get(id)?.map((provider) => [provider.key, provider]));
      const same = others.map((provider) => {
        const known = before.get(provider.key);
        return known && Bun.deepEquals(known, provider) ? known : provider;
      });
      return [id, Object.freeze([kept.get(id) ?? first, ...same].flatMap((provider) => provider ?? []))];
    }),
  );
}

const nameOf = ({ name }: { readonly name: string }): string => name;
const idOf = ({ id }: { readonly id: string }): string => id;

function keepNamed<Part>(running: readonly Part[], wanted: readonly Part[], name: (part: Part) => string) {
  const known = new Map(running.map((part) => [name(part), part]));
  const kept = wanted.map((part) => {
    const before = known.get(name(part));
    return before !== undefined && Bun.deepEquals(before, part) ? before : part;
  });
  return Object.freeze(kept);
}

/** Names of parts that are not the same objects any more. */
function differingParts<Part>(before: readonly Part[], after: readonly Part[], name: (part: Part) => string) {
  const kept = new Set(before);
  const names = new Set(after.map(name));
  const gone = before.map(name).filter((one) => !names.has(one));
  return [...after.filter((part) => !kept.has(part)).map(name), ...gone];
}

function differingNames(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}
