import { expect, test } from "bun:test";
import { join } from "node:path";

const PROGRAM = join(import.meta.dir, "fixtures/files-of-a-request.ts");

/**
 * Whoever reads how a chat is answered reads these: the server on which it comes in has 15, the client on which it goes on 10.
 * What only some requests run is in other files.
 */
const MAX_FILES = 58;

test(`a warm chat passes at most ${MAX_FILES} files`, async () => {
  const child = Bun.spawn([process.execPath, PROGRAM], {
    // What is compiled is not counted.
    env: { BUN_JSC_useJIT: "0" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const files = JSON.parse(await child.stdout.text()) as readonly string[];
  expect(files).toContain("pipeline/relay.ts");
  expect(files.length > MAX_FILES ? files : []).toEqual([]);
});
