import { expect, expectTypeOf, test } from "bun:test";
import { acceptedValues, parseSetting } from "../../src/config/parse-setting.ts";
import type { SettingValue } from "../../src/config/setting-row.ts";
import { SETTING_ROWS, type Settings } from "../../src/config/settings-table.ts";

test.each(SETTING_ROWS.map(([name, row]) => [name, row] as const))("%s accepts its own default", (name, row) => {
  // The default of what is said for one signal is what is said for all of them.
  if (/^OTEL_EXPORTER_OTLP_(?:TRACES|METRICS|LOGS)_/.test(name) && row.default === undefined) return;
  if (name === "OTEL_BSP_MAX_EXPORT_BATCH_SIZE") return expect(row.doc).toContain("512 if not set");
  if (row.default === undefined) return expect(["string", "list", "proxy", "duration"]).toContain(row.type);
  expect(parseSetting(row, row.default)).toBeDefined();
});

test.each(SETTING_ROWS.map(([name, row]) => [name, row] as const))("%s is described in one line", (_, row) => {
  expect(row.doc).toMatch(/^[^\n]+[^.\n]$/);
  expect(acceptedValues(row)).not.toContain("undefined");
});

test("every range can be read by the type of its row, smallest first", () => {
  for (const [name, row] of SETTING_ROWS) {
    if (!("range" in row) || row.range === undefined) continue;
    const [minimum, maximum] = row.range.map((bound) => parseSetting(row, bound));
    expect({ name, minimum, maximum }).toEqual({ name, minimum: expect.any(Number), maximum: expect.any(Number) });
  }
});

test("no name is an alias of another setting, and no alias is used twice", () => {
  const spellings = SETTING_ROWS.flatMap(([name, row]) => [name, ...(row.aliases ?? [])]);
  expect(new Set(spellings).size).toBe(spellings.length);
});

test("the types of the settings follow from their rows", () => {
  expectTypeOf<Settings["SERVER_PORT"]>().toEqualTypeOf<number>();
  expectTypeOf<Settings["CLIENT_TIMEOUT"]>().toEqualTypeOf<number>();
  expectTypeOf<Settings["ENABLE_VISION"]>().toEqualTypeOf<boolean>();
  expectTypeOf<Settings["ALLOWED_MODELS"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Settings["SERVER_UNIX_SOCKET"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Settings["STREAM_USAGE"]>().toEqualTypeOf<"as-asked" | "always">();
  type Workers = { group: "Server"; type: "integer"; words: readonly ["auto"]; default: "1"; doc: "" };
  expectTypeOf<SettingValue<Workers>>().toEqualTypeOf<number | "auto">();
});
