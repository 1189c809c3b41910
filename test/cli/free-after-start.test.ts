import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway } from "../fixtures/start-gateway.ts";

/** Says when the runtime is asked to give back what it can. */
const SAYS_SO = `
const { shrink } = Bun;
Bun.shrink = () => {
  shrink();
  process.stdout.write('{"msg":"shrunk"}\\n');
};
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shrink-"));
  writeFileSync(join(folder, "says-so.ts"), SAYS_SO);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a gateway that nobody asks gives back what its start has left: its own work after it listens is no load", async () => {
  await using gateway = await startGateway({ BUN_OPTIONS: `--preload ${join(folder, "says-so.ts")}` });
  expect(await gateway.logged(({ msg }) => msg === "shrunk", 10_000)).toEqual({ msg: "shrunk" });
});
