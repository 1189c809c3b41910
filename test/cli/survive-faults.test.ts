import { beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../fixtures/start-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Throws where nobody can be answered, each time that the process gets SIGUSR2. */
const THROWS = `
process.on("SIGUSR2", () => {
  setTimeout(() => { throw new Error("thrown in a timer"); }, 0);
  void Promise.reject(new Error("rejected by nobody's promise"));
});
`;

let folder: string;
beforeAll(() => {
  folder = scratchFolder("faults");
  writeFileSync(join(folder, "throws.ts"), THROWS);
});

test.each([
  ["a gateway that serves", {}],
  ["the process that holds workers together", { SERVER_WORKERS: "2" }],
])("%s goes on after what is thrown in a timer or rejected, says so, and ends as ever", async (_, settings) => {
  await using gateway = await startGateway({ ...settings, BUN_OPTIONS: `--preload ${join(folder, "throws.ts")}` });
  gateway.process.kill("SIGUSR2");
  const isOf = (text: string) => (line: Record<string, unknown>) => String(line["cause"]).includes(text);

  const lines = [
    await gateway.logged(isOf("thrown in a timer")),
    await gateway.logged(isOf("rejected by nobody's promise")),
  ];

  const msg = "something failed outside of a request";
  expect(lines).toMatchObject([
    { level: "error", msg, count: 1 },
    { level: "error", msg, count: 1 },
  ]);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect(await gateway.end()).toBe(0);
  expect(gateway.output().stderr).not.toContain("thrown");
});
