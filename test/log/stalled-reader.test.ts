import { expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { gatewayCommand } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

// Where the machine is busy, a gateway takes long to start.
setDefaultTimeout(60_000);

/** More than a pipe and the gateway hold together, by requests that each leave a line of some 950 bytes. */
const REQUESTS = 1500;
const AT_ONCE = 50;
/** Every so many of them fails; all others go well. */
const FAILS_EVERY = 10;
const HEADERS = { "x-request-id": "i".repeat(128), "user-agent": '"'.repeat(256) };

/** A gateway whose standard output, and standard error where that is asked for, is a pipe that nobody reads. */
async function startStalled(settings: Readonly<Record<string, string>>, stderrToo = false) {
  const directory = scratchFolder("stalled-reader");
  const pipe = join(directory, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  // Opened for both, so that there is a reader, which does not read.
  const output = openSync(pipe, "r+");
  const port = await freePort();
  const child = Bun.spawn(gatewayCommand([]), {
    env: {
      PATH: process.env["PATH"] ?? "",
      SERVER_PORT: String(port),
      OPENAI_API_KEY: "sk-x",
      LOG_CLIENT: "true",
      // Those that go well are asked of a route whose lines are of this level.
      LOG_LEVEL: "debug",
      ...settings,
    },
    stdin: "ignore",
    stdout: output,
    stderr: stderrToo ? output : "pipe",
  });
  const ask = (path = "/health"): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { headers: HEADERS });
  const untilItListens = async (): Promise<void> => {
    // Before that a port that is held for workers answers with another status.
    while ((await ask().catch(() => undefined))?.status !== 200) {
      if (child.exitCode !== null) throw new Error(`the gateway has ended: code ${child.exitCode}`);
      await Bun.sleep(10);
    }
  };
  await within(untilItListens(), 15_000, "an answer of the gateway");
  return {
    child,
    ask,
    async askOften(requests = REQUESTS) {
      let left = requests;
      const work = async (): Promise<void> => {
        while (left-- > 0) {
          const [path, status] =
            left % FAILS_EVERY === 0 ? (["/v1/unknown", 404] as const) : (["/health", 200] as const);
          expect((await ask(path)).status).toBe(status);
        }
      };
      await within(Promise.all(Array.from({ length: AT_ONCE }, work)), 40_000, "all answers");
    },
    /** Reads what lies in the pipe, and what comes until `isEnough`. */
    async read(isEnough: (text: string) => boolean): Promise<string> {
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const bytes = Buffer.alloc(64 * 1024);
      let text = "";
      const readOn = async (): Promise<void> => {
        while (!isEnough(text)) {
          try {
            text += bytes.toString("latin1", 0, readSync(reader, bytes));
          } catch {
            await Bun.sleep(5);
          }
        }
      };
      await within(readOn(), 15_000, "the awaited lines");
      closeSync(reader);
      return text;
    },
    /** Reads so many bytes at a time, with pauses of so many milliseconds, until the gateway has ended. */
    async readSlowly(bytes: number, pauseMs: number): Promise<string> {
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const piece = Buffer.alloc(bytes);
      let text = "";
      const readOn = async (): Promise<void> => {
        for (;;) {
          const hasEnded = child.exitCode !== null;
          try {
            text += piece.toString("latin1", 0, readSync(reader, piece));
          } catch {
            if (hasEnded) return;
          }
          if (!hasEnded) await Bun.sleep(pauseMs);
        }
      };
      await within(readOn(), 30_000, "the end of the gateway");
      closeSync(reader);
      return text;
    },
    errors: () => new Response(child.stderr as ReadableStream).text(),
    [Symbol.dispose]() {
      child.kill("SIGKILL");
      closeSync(output);
    },
  };
}

const KINDS = [
  ["one process", {}],
  ["one process that writes for people", { LOG_FORMAT: "pretty" }],
  ["two workers", { SERVER_WORKERS: "2" }],
] as const;

test.each(KINDS)("a reader of the log that stalls hinders neither requests nor the end: %s", async (_, settings) => {
  using gateway = await startStalled(settings);
  await gateway.askOften();
  gateway.child.kill("SIGTERM");
  expect(await within(gateway.child.exited, 10_000, "the gateway's end")).toBe(0);
});

test.each(KINDS.filter(([, settings]) => !("LOG_FORMAT" in settings)))(
  "a reader that is slow, but reads on, gets every line after the end was asked for: %s",
  async (_, settings) => {
    using gateway = await startStalled(settings);
    // No more than are held.
    const requests = 800;
    await gateway.askOften(requests);
    gateway.child.kill("SIGTERM");
    // For longer than one that does not read is waited for.
    const text = await gateway.readSlowly(8 * 1024, 40);
    expect(await within(gateway.child.exited, 10_000, "the gateway's end")).toBe(0);
    const lines = text.split("\n");
    // With the one before them that found it listening.
    expect(lines.filter((line) => line.includes("iiiiii"))).toHaveLength(requests + 1);
    expect(text).not.toContain("lines were lost");
    expect(lines.at(-2)).toContain("stopped");
    expect(await gateway.errors()).toBe("");
  },
);

test("how many lines a reader has not taken is told on standard error", async () => {
  using gateway = await startStalled({});
  await gateway.askOften(800);
  gateway.child.kill("SIGTERM");
  await within(gateway.child.exited, 10_000, "the gateway's end");
  const told = /^(\d+) lines of the log were not written: standard output did not take them\n$/.exec(
    await gateway.errors(),
  );
  expect(Number(told?.[1])).toBeWithin(650, 801);
});

test("the same if standard error goes there too", async () => {
  using gateway = await startStalled({}, true);
  await gateway.askOften();
  gateway.child.kill("SIGTERM");
  expect(await within(gateway.child.exited, 10_000, "the gateway's end")).toBe(0);
});

test("a second signal ends it at once all the same", async () => {
  using gateway = await startStalled({});
  await gateway.askOften();
  gateway.child.kill("SIGTERM");
  gateway.child.kill("SIGTERM");
  expect(await within(gateway.child.exited, 10_000, "the gateway's end")).toBeOneOf([0, 143]);
});

test("a reader that comes back learns how many lines it has missed, none of them of what failed, and misses no other", async () => {
  using gateway = await startStalled({});
  await gateway.askOften();
  const text = await gateway.read((so) => /"dropped":\d+.*\n/.test(so));
  expect((await gateway.ask()).status).toBe(200);
  gateway.child.kill("SIGTERM");
  const rest = await gateway.read((so) => so.includes('"msg":"stopped"'));
  const lines = (text + rest)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const dropped = lines.reduce((sum, { dropped: count }) => sum + Number(count ?? 0), 0);
  const requests = lines.filter(({ msg }) => msg === "request").length;
  expect(lines.filter(({ status }) => status === 404)).toHaveLength(REQUESTS / FAILS_EVERY);
  expect(dropped).toBeGreaterThan(0);
  // Those of the start, which waited until it listened, and the last one.
  expect(requests + dropped).toBeWithin(REQUESTS + 1, REQUESTS + 30);
  expect(lines.filter(({ dropped: count }) => count)).toEqual([
    expect.objectContaining({ level: "warn", msg: expect.stringContaining("lost") }),
  ]);
  expect(await within(gateway.child.exited, 10_000, "the gateway's end")).toBe(0);
});
