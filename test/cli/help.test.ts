import { describe, expect, test } from "bun:test";
import { COMMAND_LINE_OPTIONS } from "../../src/cli/command-line.ts";
import { helpText, SETTING_WIDTH } from "../../src/cli/help.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";
import { SETTING_GROUPS } from "../../src/config/setting-row.ts";
import { SETTING_ROWS } from "../../src/config/settings-table.ts";
import { PATTERNS } from "../config/variable-patterns.ts";

describe("helpText", () => {
  test.each([[72], [80], [100], [200]])("stays within %d columns and aligns the texts of every group", (width) => {
    const lines = helpText(width).split("\n");
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const textColumns = lines.flatMap((line) => {
      const [, name] = /^ {2}([A-Z<]\S+ +)\S/.exec(line) ?? [];
      return name === undefined ? [] : [name.length];
    });
    // Longer ones have a line of their own.
    const short = SETTING_ROWS.filter(([name]) => name.length <= SETTING_WIDTH);
    expect(textColumns).toHaveLength(short.length + PATTERNS.length);
    expect(new Set(textColumns).size).toBe(1);
  });

  test("puts texts below the names on a narrow terminal", () => {
    const lines = helpText(40).split("\n");
    expect(lines[lines.indexOf("  SERVER_PORT") + 1]).toBe("      Port to listen on; 0 takes a free");
    // A name that is longer is not broken.
    expect(lines.filter((line) => line.length > 40 && /\S \S/.test(line))).toEqual([]);
  });

  test("names every option, group, setting and default", () => {
    const lines = helpText(400).split("\n");
    expect(lines[0]).toBe("Usage: inference-gateway [options]");
    for (const name of Object.keys(COMMAND_LINE_OPTIONS)) expect(lines.join("\n")).toContain(`--${name}`);
    for (const group of SETTING_GROUPS) expect(lines).toContain(`${group}:`);
    for (const [name, row] of SETTING_ROWS) {
      const [at = -1, ...others] = lines.flatMap((line, index) => (line.split(/ +/)[1] === name ? [index] : []));
      expect(others).toEqual([]);
      // The text of a long name is below it.
      const line = name.length > SETTING_WIDTH ? (lines[at + 1] ?? "") : (lines[at] ?? "");
      expect(line).toContain(row.doc);
      expect(line).toContain(row.default === undefined ? "[" : `default ${row.default}]`);
    }
    for (const name of PATTERNS) expect(lines.some((line) => line.startsWith(`  ${name} `))).toBe(true);
  });

  test("names every built-in provider, in a few lines", () => {
    const text = helpText(100);
    const part = text.slice(text.indexOf("Providers, and"), text.indexOf("Settings are"));
    for (const id of Object.keys(PROVIDER_TABLE)) expect(part).toMatch(new RegExp(`(?:^|[\\s,])${id}(?:[\\s,;]|$)`));
    expect(part).toContain("azure               AZURE_API_KEY, AZURE_RESOURCE");
    expect(part.trimEnd().split("\n").length).toBeLessThanOrEqual(14);
  });
});
