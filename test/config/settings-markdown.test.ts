import { expect, test } from "bun:test";
import { settingsMarkdown } from "../../src/config/settings-markdown.ts";
import { SETTING_GROUPS } from "../../src/config/setting-row.ts";
import { SETTING_ROWS } from "../../src/config/settings-table.ts";
import { PATTERNS } from "./variable-patterns.ts";

const tables = settingsMarkdown()
  .split(/^## .*$\n/m)
  .slice(1);

test("has a table for every group, each of rows of equal length and four cells", () => {
  expect(tables).toHaveLength(SETTING_GROUPS.length);
  for (const table of tables) {
    const rows = table.trim().split("\n");
    expect(rows[0]).toMatch(/^\| Variable +\| Default +\| Accepted +\| Meaning +\|$/);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
  }
});

test("has one row for every setting and for every pattern of variables", () => {
  const rows = tables.flatMap((table) => table.trim().split("\n").slice(2));
  const names = rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1]);
  expect(names.toSorted()).toEqual([...SETTING_ROWS.map(([name]) => name), ...PATTERNS].toSorted());
});

test("leaves nothing in angle brackets that would be taken for HTML", () => {
  expect(settingsMarkdown().replace(/`[^`]*`/g, "")).not.toContain("<");
});
