/** Writes the generated parts of the README and the guide again: `bun run docs`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedTables } from "./generated-tables.ts";
import { PROJECT, readPage, withGeneratedPart } from "./markdown.ts";

for (const { page, name, text } of await generatedTables()) {
  const markdown = readPage(page);
  const updated = withGeneratedPart(markdown, name, text);
  if (updated === markdown) continue;
  writeFileSync(join(PROJECT, page), updated);
  console.log(`${page}: ${name} updated`);
}
