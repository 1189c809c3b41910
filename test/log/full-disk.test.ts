import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { gatewayCommand } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const FULL = "/dev/full";

if (process.platform !== "linux") console.log(`skipped: there is no ${FULL} here to stand for a full disk`);

test.skipIf(process.platform !== "linux")("a log that cannot be written does not end the gateway", async () => {
  const directory = scratchFolder("full-disk");
  const unix = join(directory, "gateway.sock");
  const ask = () => fetch("http://gateway/v1/unknown", { unix });
  /** There is no log that would tell when it listens. */
  const askUntilItListens = async (): Promise<Response> => {
    for (;;) {
      const response = await ask().catch(() => undefined);
      if (response) return response;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const output = openSync(FULL, "w");
  const child = Bun.spawn(gatewayCommand([]), {
    env: {
      PATH: process.env["PATH"] ?? "",
      SERVER_UNIX_SOCKET: unix,
      LOG_LEVEL: "debug",
      OPENAI_API_KEY: "sk-full-disk",
      OPENAI_API_URL: "http://127.0.0.1:9/v1",
    },
    stdin: "ignore",
    stdout: output,
    stderr: "pipe",
  });
  try {
    await within(askUntilItListens(), 15_000, "an answer of the gateway");
    for (let index = 0; index < 20; index++) expect((await ask()).status).toBe(404);
    child.kill("SIGTERM");
    expect(await within(child.exited, 10_000, "the end of the gateway")).toBe(0);
    expect(await new Response(child.stderr).text()).toMatch(/^\d+ lines of the log were not written: /);
  } finally {
    child.kill("SIGKILL");
    closeSync(output);
  }
});
