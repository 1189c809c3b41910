import { describe, expect, test } from "bun:test";
import { formatSetting, acceptedValues, parseSetting } from "../../src/config/parse-setting.ts";
import type { SettingRow } from "../../src/config/setting-row.ts";

const COMMON = { group: "General", doc: "a row of this test" } as const;
const WORKERS: SettingRow = { ...COMMON, type: "integer", range: ["1", "64"], words: ["auto"] };
const PORT: SettingRow = { ...COMMON, type: "integer", range: ["0", "65535"] };
const FREE: SettingRow = { ...COMMON, type: "integer" };
const FLAG: SettingRow = { ...COMMON, type: "boolean" };
const LEVEL: SettingRow = { ...COMMON, type: "enum", values: ["low", "HIGH"] };
const WAIT: SettingRow = { ...COMMON, type: "duration", range: ["1s", "255s"] };
const SIZE: SettingRow = { ...COMMON, type: "bytes", range: ["1", "1MiB"] };
const TEXT: SettingRow = { ...COMMON, type: "string" };
const HOST: SettingRow = { ...COMMON, type: "host" };
const LIST: SettingRow = { ...COMMON, type: "list" };
const WORDS: SettingRow = { ...COMMON, type: "list", entries: ["status", "model"] };
const SHARE: SettingRow = { ...COMMON, type: "number", range: ["0", "1"] };
const SECRETS: SettingRow = { ...COMMON, type: "list", secret: true };

describe("parseSetting", () => {
  test.each([
    [PORT, "-1"],
    [PORT, "65536"],
    [PORT, "80.0"],
    [PORT, "0x50"],
    [PORT, "8e3"],
    [PORT, "auto"],
    [FREE, "99999999999999999999"],
    [WORKERS, "0"],
    [WORKERS, "many"],
    [FLAG, "maybe"],
    [FLAG, "2"],
    [FLAG, "constructor"],
    [LEVEL, "middle"],
    [WAIT, "999ms"],
    [WAIT, "256s"],
    [WAIT, "soon"],
    [SIZE, "0"],
    [SIZE, "1048577"],
    [TEXT, "a\nb"],
    [TEXT, "a\u0000"],
    [HOST, "not a host"],
    [HOST, "http://0.0.0.0"],
    [HOST, "0.0.0.0:80"],
    [HOST, "[::1]:80"],
    [HOST, "256.1.1.1"],
    [HOST, "1.2.3"],
    [HOST, "::g"],
    [HOST, "-x"],
    [HOST, "a..b"],
    [HOST, "user@host"],
    [HOST, "*"],
    [LIST, "a,b\tc"],
    [WORDS, "status,mode"],
    [SHARE, "1.01"],
    [SHARE, ".5"],
    [SHARE, "1e-3"],
    [SHARE, "half"],
  ])("%j refuses %j", (row, text) => {
    expect(parseSetting(row, text)).toBeUndefined();
  });

  test.each([
    [PORT, "0", 0],
    [PORT, "65535", 65_535],
    [FREE, "-7", -7],
    [HOST, "0.0.0.0", "0.0.0.0"],
    [HOST, "::", "::"],
    [HOST, "[::1]", "::1"],
    [HOST, "fe80::1%eth0", "fe80::1%eth0"],
    [HOST, "localhost", "localhost"],
    [HOST, "gateway-1.my_net.example", "gateway-1.my_net.example"],
    [HOST, "10gw.example.", "10gw.example."],
    [WORKERS, "4", 4],
    [WORKERS, "AUTO", "auto"],
    [FLAG, "TRUE", true],
    [FLAG, "1", true],
    [FLAG, "yes", true],
    [FLAG, "on", true],
    [FLAG, "false", false],
    [FLAG, "0", false],
    [FLAG, "No", false],
    [FLAG, "off", false],
    [LEVEL, "high", "HIGH"],
    [WAIT, "1s", 1_000],
    [WAIT, "255", 255_000],
    [SIZE, "1MiB", 1_048_576],
    [TEXT, "größe", "größe"],
    [LIST, " a ,, b\n,", ["a", "b"]],
  ])("%j reads %j as %j", (row, text, value) => {
    expect(parseSetting(row, text)).toEqual(value);
  });
});

test.each([
  [PORT, "a whole number from 0 to 65535"],
  [FREE, "a whole number"],
  [WORKERS, "a whole number from 1 to 64 or auto"],
  [FLAG, "true or false"],
  [LEVEL, "one of low, HIGH"],
  [WAIT, "a duration (300ms, 1h30m, plain seconds) from 1s to 255s"],
  [SIZE, "a size (bytes, or with a unit such as 10MiB) from 1 to 1MiB"],
  [TEXT, "text without control characters"],
  [LIST, "a comma-separated list without control characters"],
])("%j accepts %s", (row, text) => {
  expect(acceptedValues(row)).toBe(text);
});

test.each([
  [SECRETS, ["short", "long-enough-key-1234"], "***,***1234"],
  [LIST, ["a", "b"], "a,b"],
  [LIST, ["http://h/p?key=marked&marked", "n=https://h?k=marked"], "http://h/p?key=***&***,n=https://h/?k=***"],
  [LIST, ["https://a.test/x=http://b:80/keys?p=marked"], "https://a.test/x=http://b/keys?p=***"],
  [TEXT, "https://marked:marked@h/p?k=marked#marked", "https://***@h/p?k=***#***"],
  [WAIT, 90_000, "1m30s"],
  [SIZE, 1_024, "1024"],
  [FLAG, false, "false"],
  [TEXT, undefined, ""],
])("%j writes %j as %j", (row, value, text) => {
  expect(formatSetting(row, value)).toBe(text);
});
