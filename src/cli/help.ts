import { COMMAND_LINE_OPTIONS } from "./command-line.ts";
import { builtInProviders } from "./describe-setup.ts";
import { describeSettings } from "../config/describe-settings.ts";
import type { SettingDescription } from "../config/setting-row.ts";

const NARROWEST_TEXT = 24;

/** What most names of settings take; a few of OpenTelemetry's are longer, and would leave too little for all texts. */
export const SETTING_WIDTH = 30;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * Two columns: names, and texts wrapped beside them; on a narrow terminal the texts are below the names.
 * @param nameWidth a longer name has a line of its own
 */
function columns(
  entries: readonly (readonly [name: string, text: string])[],
  nameWidth: number,
  width: number,
): string[] {
  const indent = nameWidth + 4;
  const beside = width - indent >= NARROWEST_TEXT;
  const textIndent = beside ? indent : 6;
  return entries.flatMap(([name, text]) => {
    const lines = wrap(text, Math.max(width - textIndent, NARROWEST_TEXT)).map((line) => " ".repeat(textIndent) + line);
    const first = `  ${name}`;
    if (!beside || name.length > nameWidth) return [first, ...lines];
    return lines.map((line, index) => (index === 0 ? first.padEnd(indent) + line.slice(indent) : line));
  });
}

function optionEntries(): (readonly [string, string])[] {
  return Object.entries(COMMAND_LINE_OPTIONS).map(([name, option]) => {
    const short = "short" in option ? `-${option.short}, ` : "";
    const value = "value" in option ? ` ${option.value}` : "word" in option ? `[=${option.word}]` : "";
    return [`${short}--${name}${value}`, option.doc];
  });
}

function settingEntry(setting: SettingDescription): readonly [string, string] {
  const fallback = setting.default === "" ? "" : `; default ${setting.default}`;
  return [setting.name, `${setting.doc} [${setting.accepted}${fallback}]`];
}

/**
 * The text of `--help`: usage, options, built-in providers, and all settings by group.
 * @param width columns of the terminal
 */
export function helpText(width: number): string {
  const providers = builtInProviders();
  const longestProvider = Math.max(...providers.map(([id]) => id.length));
  const groups = describeSettings().map(({ group, settings }) => ({ group, entries: settings.map(settingEntry) }));
  const longestOption = Math.max(...optionEntries().map(([name]) => name.length));
  return [
    "Usage: inference-gateway [options]",
    "",
    "Options:",
    ...columns(optionEntries(), longestOption, width),
    "",
    ...wrap("Providers, and what configures each (CUSTOM_PROVIDERS adds others):", width),
    ...columns(providers, longestProvider, width),
    "",
    ...wrap(
      "Settings are environment variables, or lines of the file of --env-file, or what the file of --config says. Blank ones count as unset. SIGHUP reads the files again.",
      width,
    ),
    ...groups.flatMap(({ group, entries }) => ["", `${group}:`, ...columns(entries, SETTING_WIDTH, width)]),
    "",
  ].join("\n");
}
