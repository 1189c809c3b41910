import { expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "..");

/** Exported for its type alone, which the exported functions beside it name. */
const NAMED_AS_TYPE = ["src/providers/credentials/credential.ts IssuedSecrets"];

const EXPORT = /^export (?:async )?(?:function\*?|class|const) (\w+)/gm;
const IMPORT = /(?:import|export) (?:type )?(\{[^}]*\}|\* as \w+|\w+)\s*from "(\.[^"]+)"/g;
const LATE_IMPORT = /import\(\s*"(\.[^"]+)"\s*\)/g;

const texts = new Map<string, string>();
for (const path of new Glob("{src,test,bench,.ci}/**/*.ts").scanSync({ cwd: ROOT, dot: true })) {
  texts.set(path, readFileSync(join(ROOT, path), "utf8"));
}

/** What files name of others, as `path name`; whoever imports all of a file names it with `*`. */
const imported = new Set<string>();
for (const [path, text] of texts) {
  for (const [, names = "", target = ""] of text.matchAll(IMPORT)) {
    const from = join(dirname(path), target);
    if (!names.startsWith("{")) imported.add(`${from} *`);
    for (const [, name] of names.matchAll(/(\w+)(?: as \w+)?\s*[,}]/g)) imported.add(`${from} ${name}`);
  }
  for (const [, target = ""] of text.matchAll(LATE_IMPORT)) imported.add(`${join(dirname(path), target)} *`);
}

test("exports no value that no other file imports", () => {
  const exported = [...texts].flatMap(([path, text]) => {
    if (imported.has(`${path} *`)) return [];
    return [...text.matchAll(EXPORT)].map(([, name]) => `${path} ${name}`);
  });
  // So that the search cannot come to find nothing.
  expect(exported.length).toBeGreaterThan(1000);
  expect(exported.filter((name) => !imported.has(name) && !NAMED_AS_TYPE.includes(name))).toEqual([]);
});
