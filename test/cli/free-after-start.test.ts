import { beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../fixtures/start-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

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
  folder = scratchFolder("shrink");
  writeFileSync(join(folder, "says-so.ts"), SAYS_SO);
});

test("a gateway that nobody asks gives back what its start has left: its own work after it listens is no load", async () => {
  await using gateway = await startGateway({ BUN_OPTIONS: `--preload ${join(folder, "says-so.ts")}` });
  expect(await gateway.logged(({ msg }) => msg === "shrunk", 10_000)).toEqual({ msg: "shrunk" });
});
