import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { within } from "../fixtures/within.ts";

const ROOT = join(import.meta.dir, "../..");

/** A process that finishes requests one after another, and then ends in some way. */
const script = (requests: number, end: string): string => `
  import { createInFlightRequests } from "${ROOT}/src/core/in-flight-requests.ts";
  import { createLog } from "${ROOT}/src/telemetry/log.ts";
  import { logRequest } from "${ROOT}/src/telemetry/log-request.ts";
  const log = createLog({ level: "info", environment: "lab" });
  const observers = [logRequest(log, new Set())];
  const { open } = createInFlightRequests({ observers, now: () => 0, newId: () => "id" });
  const answer = (id) => open(new Request("http://x/", { headers: { "x-request-id": String(id) } }), "/x").finish("answered");
  answer(0);
  // Once it is written, the others are held.
  await log.flushLines();
  for (let id = 1; id < ${requests}; id++) answer(id);
  ${end}
`;

describe("whatever ends the process but a kill, no line of a request is lost, and none is doubled", () => {
  test.each([
    ["an exit", 60, "process.exit(3);", 3],
    ["an error that nobody catches", 60, 'throw new Error("oops");', 1],
    ["a promise that nobody looks at", 60, 'void Promise.reject(new Error("oops"));', 1],
    // More than are written at once: for these somebody has to wait.
    ["its own end", 300, "", 0],
    ["an exit after a flush", 300, "void log.flushLines().then(() => process.exit(4));", 4],
  ])("%s", async (_, requests, end, code) => {
    const child = Bun.spawn([process.execPath, "-e", script(requests, end)], {
      env: { PATH: process.env["PATH"] ?? "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    const text = await within(new Response(child.stdout).text(), 15_000, "the end of the process");
    const ids = text
      .trim()
      .split("\n")
      .map((line) => Number((JSON.parse(line) as { request_id: string }).request_id));
    expect(ids).toEqual(Array.from({ length: requests }, (_, id) => id));
    expect(await child.exited).toBe(code);
  });
});
