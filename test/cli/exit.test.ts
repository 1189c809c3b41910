import { expect, test } from "bun:test";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const EXIT_MODULE = join(import.meta.dir, "../../src/cli/exit.ts");

/** A process that ends, saying why, while its log has lines that were not taken. */
const PROGRAM = `
  const { endProcess } = await import(${JSON.stringify(EXIT_MODULE)});
  await endProcess({ flushLines: async () => 3 }, 4, { problem: "what is wrong" });`;

const spawn = (stderr: "pipe" | number) =>
  Bun.spawn([process.execPath, "-e", PROGRAM], { stdin: "ignore", stdout: "ignore", stderr });

test("a process that ends says on standard error what of its log is lost, then why it ends", async () => {
  const child = spawn("pipe");
  const said = await new Response(child.stderr as ReadableStream).text();
  expect(await child.exited).toBe(4);
  expect(said).toBe("3 lines of the log were not written: standard output did not take them\nwhat is wrong\n");
});

test("it ends although nobody reads standard error, and no more fits into it", async () => {
  const folder = scratchFolder("exit");
  const pipe = join(folder, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  // Opened for both, so that there is a reader, which does not read.
  const output = openSync(pipe, "r+");
  const filling = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const fill = (): void => {
    for (;;) writeSync(filling, Buffer.alloc(4096));
  };
  expect(fill).toThrow("EAGAIN");
  const child = spawn(output);
  try {
    expect(await within(child.exited, 20_000, "the end of the process")).toBe(4);
  } finally {
    child.kill("SIGKILL");
    closeSync(filling);
    closeSync(output);
  }
});
