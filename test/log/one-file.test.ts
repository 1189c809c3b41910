import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

test("why a start has failed stands in a file between what others write there before and behind it", async () => {
  const folder = scratchFolder("one-file");
  const path = join(folder, "all.log");
  // As a shell does with > of a script: all its commands write where the one before has stopped.
  const file = openSync(path, "w");
  try {
    writeSync(file, "before\n");
    const child = Bun.spawn(gatewayCommand([]), {
      env: {
        PATH: process.env["PATH"] ?? "",
        SERVER_PORT: "0",
        OPENAI_API_KEY: "sk-one-file",
        SERVER_TLS_CERT_PATH: "/nowhere/cert",
        SERVER_TLS_KEY_PATH: "/nowhere/key",
      },
      stdin: "ignore",
      stdout: file,
      stderr: file,
    });
    expect(await within(child.exited, 15_000, "the end of the start")).toBe(2);
    writeSync(file, "after, and longer than a few letters\n");
    const [first, problem, last] = readFileSync(path, "utf8").split("\n");
    expect([first, last]).toEqual(["before", "after, and longer than a few letters"]);
    expect(problem).toStartWith("SERVER_TLS_CERT_PATH");
  } finally {
    closeSync(file);
  }
});
