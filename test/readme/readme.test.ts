import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SIGNAL_EXIT } from "../../src/cli/exit.ts";
import { WIRES } from "../../src/formats/wires.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";
import { readablePath, ROUTE_ROWS } from "../../src/server/routes.ts";
import { carriedMembers } from "./carried-members.ts";
import { API_TITLES } from "./client-apis.ts";
import { generatedTables } from "./generated-tables.ts";
import { generatedPart, GUIDE, PROJECT, README, readPage } from "./markdown.ts";

const routes = ROUTE_ROWS.flatMap(([, row]) =>
  row.paths.map((path) => `${row.method === "ALL" ? "ANY" : row.method} ${readablePath(row, path)}`),
);

const missing = (page: string, texts: readonly string[]): string[] => {
  const markdown = readPage(page);
  return texts.filter((text) => !markdown.includes(text));
};

describe("the README", () => {
  test("has at most 300 lines and 15 KB", () => {
    const readme = readPage(README);
    expect(readme.split("\n").length - 1).toBeLessThanOrEqual(300);
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(15_000);
  });

  test("names every API that others are translated to", () => {
    const titles = WIRES.map((wire) => API_TITLES[wire]);
    expect(missing(README, titles)).toEqual([]);
  });

  test("names every provider and every route", () => {
    const providers = Object.keys(PROVIDER_TABLE).map((id) => `\`${id}\``);
    const parts = ["GET /docs/{page}", "GET /swagger/assets/{name}"];
    expect(missing(README, [...providers, ...routes.filter((route) => !parts.includes(route))])).toEqual([]);
  });
});

const tables = await generatedTables();

describe("the pages", () => {
  // If this fails after a change of the code or of bench/results: bun run docs
  test.each(tables.map(({ page, name, text }) => [page, name, text] as const))(
    "%s has its %s as the code has them",
    (page, name, text) => {
      expect(generatedPart(readPage(page), name)).toBe(text);
    },
  );

  test("of client APIs names all that is left out: nothing is lost without a word", async () => {
    const fates = [...(await carriedMembers())].filter(([, ofWires]) => ofWires.includes("LOST"));
    expect(fates).toEqual([]);
  });

  test("have no other generated part", () => {
    const known = tables.map(({ page, name }) => `${page} ${name}`);
    const pages = [...new Set(tables.map(({ page }) => page))];
    const found = pages.flatMap((page) =>
      [...readPage(page).matchAll(/<!-- ([a-z-]+):begin -->/g)].map(([, name]) => `${page} ${name}`),
    );
    expect(found.toSorted()).toEqual(known.toSorted());
  });

  test("name every route, every exit code and every room of the source", () => {
    expect(missing(`${GUIDE}/models-and-routing.md`, routes)).toEqual([]);
    const codes = [...Object.values(EXIT).map((code) => `| ${code} `), Object.values(SIGNAL_EXIT).join(", ")];
    expect(missing(`${GUIDE}/operations.md`, codes)).toEqual([]);
    const rooms = readdirSync(join(PROJECT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(
      missing(
        "src/README.md",
        rooms.map(({ name }) => `| \`${name}/\``),
      ),
    ).toEqual([]);
  });
});
