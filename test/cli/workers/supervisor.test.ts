import { beforeEach, describe, expect, test } from "bun:test";
import type { FromWorker, ToWorker, WorkerEvents } from "../../../src/cli/workers/worker-process.ts";
import { type Supervisor, supervise } from "../../../src/cli/workers/supervisor.ts";
import { createSharingHub } from "../../../src/routing/sharing/sharing-hub.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { createManualClock, type ManualClock, settle } from "../../fixtures/manual-clock.ts";

interface FakeWorker {
  readonly number: number;
  readonly events: WorkerEvents;
  readonly heard: ToWorker[];
  killed: boolean;
}

const START = { kind: "start", environment: { SERVER_PORT: "1" }, demo: false } as const;
const FILES = { "/keys": "old-key" };
const SERVING = { url: "http://x", providers: [] };
const SHUTDOWN_MS = 1000;
const STABLE_MS = 1000;

let clock: ManualClock;
let workers: FakeWorker[];
let releases: number;
let announced: number;
let spawnFails: boolean;
let lines: Record<string, unknown>[];
let supervisor: Supervisor;

beforeEach(() => {
  clock = createManualClock();
  workers = [];
  lines = [];
  releases = 0;
  announced = 0;
  spawnFails = false;
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  supervisor = supervise({
    count: 2,
    spawn(number, events) {
      if (spawnFails) throw new Error("no process can be had");
      const worker: FakeWorker = { number, events, heard: [], killed: false };
      workers.push(worker);
      return {
        pid: workers.length,
        send: (message) => void worker.heard.push(message),
        kill: () => {
          worker.killed = true;
        },
      };
    },
    start: START,
    releasePort: async () => void (releases += 1),
    onListening: () => void (announced += 1),
    timers: clock,
    log: createLog({ level: "info", environment: "test" }, { write }),
    shutdownMs: SHUTDOWN_MS,
    sharing: createSharingHub({ workers: 2, clock: () => 0, timers: clock, gateway: "gateway" }),
  });
});

function worker(index: number): FakeWorker {
  const found = workers.at(index);
  if (!found) throw new Error(`there is no worker ${index}`);
  return found;
}

const say = (from: FakeWorker, ...messages: FromWorker[]): void => messages.forEach(from.events.said);
const kindsOf = ({ heard }: FakeWorker): string[] => heard.map(({ kind }) => kind);

/** Brings a worker to where it serves. */
async function bringUp(from: FakeWorker): Promise<void> {
  say(from, { kind: "ready" }, { kind: "built", files: FILES });
  await settle();
  say(from, { kind: "listening", serving: SERVING });
}

async function bringUpBoth(): Promise<void> {
  await bringUp(worker(0));
  await bringUp(worker(1));
}

describe("start", () => {
  test("workers are told what to do one step after the other, and the port is freed once", async () => {
    expect(workers.map(({ number }) => number)).toEqual([1, 2]);
    expect(worker(0).heard).toEqual([]);
    say(worker(0), { kind: "ready" });
    expect(worker(0).heard).toEqual([START]);
    expect(releases).toBe(0);
    say(worker(0), { kind: "built", files: FILES });
    await settle();
    expect([releases, kindsOf(worker(0))]).toEqual([1, ["start", "sharing", "listen"]]);
    say(worker(0), { kind: "listening", serving: SERVING });
    expect(announced).toBe(0);
    await bringUp(worker(1));
    expect(announced).toBe(1);
    expect(worker(0).heard.at(-1)).toEqual({ kind: "count", up: 2, of: 2 });
  });

  test("what keeps one worker from serving ends everything, with its words and its exit code", async () => {
    say(worker(0), { kind: "ready" }, { kind: "failed", problem: "the key is bad", exitCode: 2 });
    say(worker(1), { kind: "ready" }, { kind: "failed", problem: "the key is bad too", exitCode: 2 });
    expect(workers.map(({ killed }) => killed)).toEqual([true, true]);
    worker(0).events.ended("SIGKILL");
    worker(1).events.ended("SIGKILL");
    expect(await supervisor.ended).toEqual({ exitCode: 2, problem: "the key is bad" });
    await clock.advance(60_000);
    expect(workers).toHaveLength(2);
  });

  test("the end asked for before anyone serves comes at once, with exit code 0", async () => {
    say(worker(0), { kind: "ready" });
    void supervisor.drain();
    expect(kindsOf(worker(0))).toEqual(["start", "drain"]);
    expect(worker(1).killed).toBe(true);
    worker(0).events.ended(0);
    worker(1).events.ended("SIGKILL");
    expect(await supervisor.ended).toEqual({ exitCode: 0 });
  });
});

describe("what workers share", () => {
  const cooling = { kind: "cooling", key: "left", until: 5, why: "it failed" } as const;
  const said = { kind: "changes", from: "one", changes: [cooling] } as const;
  const sharedWith = ({ heard }: FakeWorker) =>
    heard.flatMap((message) => (message.kind === "sharing" ? message.messages : []));

  test("is told the others, and whoever is started again", async () => {
    await bringUpBoth();
    say(worker(0), { kind: "sharing", messages: [said] });
    expect(sharedWith(worker(0)).map(({ kind }) => kind)).toEqual(["hello", "heard"]);
    expect(sharedWith(worker(1)).at(-1)).toEqual(said);
    worker(1).events.ended("SIGKILL");
    await clock.advance(100);
    await bringUp(worker(2));
    expect(sharedWith(worker(2))).toEqual([
      {
        ...{ kind: "hello", gateway: "gateway", worker: 2, workers: 2, slots: [] },
        changes: [{ from: "one", changes: [cooling] }],
      },
    ]);
  });

  test("are slots, all of which come back from one that ends", async () => {
    await bringUpBoth();
    say(worker(0), { kind: "sharing", messages: [{ kind: "limit", gate: "left", limit: 1, first: 1 }] });
    say(worker(1), { kind: "sharing", messages: [{ kind: "want", gate: "left", count: 1, served: 0 }] });
    expect(sharedWith(worker(0)).at(-1)).toEqual({ kind: "ask", gate: "left", limit: 1, owed: 1, unused: 1 });
    worker(0).events.ended("SIGKILL");
    expect(sharedWith(worker(1)).at(-1)).toEqual({ kind: "grant", gate: "left", limit: 1, count: 1, served: 1 });
    await clock.advance(100);
    await bringUp(worker(2));
    expect(sharedWith(worker(2))).toMatchObject([{ kind: "hello", slots: [{ gate: "left", limit: 1, count: 0 }] }]);
  });
});

describe("a worker that ends", () => {
  beforeEach(bringUpBoth);

  test("is started again, and the others learn how many are left", async () => {
    await clock.advance(STABLE_MS);
    worker(0).events.ended("SIGSEGV");
    expect(worker(1).heard.at(-1)).toEqual({ kind: "count", up: 1, of: 2 });
    expect(lines.at(-1)).toMatchObject({ level: "error", worker: 1, reason: "SIGSEGV", failed_starts: 0 });
    await clock.advance(99);
    expect(workers).toHaveLength(2);
    await clock.advance(1);
    expect(worker(2).number).toBe(1);
    await bringUp(worker(2));
    expect(worker(1).heard.at(-1)).toEqual({ kind: "count", up: 2, of: 2 });
    expect([announced, releases]).toEqual([1, 3]);
  });

  test("is started again after the shortest pause if it served for a second, however often it is ended", async () => {
    for (let ended = 1; ended <= 10; ended += 1) {
      await clock.advance(STABLE_MS);
      worker(ended === 1 ? 0 : -1).events.ended("SIGKILL");
      expect(lines.at(-1)).toMatchObject({ worker: 1, failed_starts: 0 });
      const before = workers.length;
      await clock.advance(100);
      expect(workers).toHaveLength(before + 1);
      await bringUp(worker(-1));
    }
  });

  test("is given longer pauses the more starts in a row fail, and is never given up while another one serves", async () => {
    const pauses: number[] = [];
    for (let failures = 1; failures <= 12; failures += 1) {
      worker(failures === 1 ? 0 : -1).events.ended(1);
      const since = clock.now();
      const before = workers.length;
      while (workers.length === before) await clock.advance(50);
      pauses.push(clock.now() - since);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
    expect(kindsOf(worker(1))).not.toContain("drain");
    await bringUp(worker(-1));
    expect(worker(1).heard.at(-1)).toEqual({ kind: "count", up: 2, of: 2 });
  });

  test("is back within a second if no other one serves, however often it was killed", async () => {
    for (let kills = 1; kills <= 5; kills += 1) {
      worker(kills === 1 ? 0 : -1).events.ended("SIGKILL");
      await clock.advance(5000);
      await bringUp(worker(-1));
    }
    worker(1).events.ended("SIGKILL");
    worker(-1).events.ended("SIGKILL");
    const before = workers.length;
    await clock.advance(1000);
    expect(workers.length).toBe(before + 2);
  });

  test("is given up with all others if none serves and no start helps", async () => {
    const failOften = async (number: number, times: number): Promise<void> => {
      for (let failures = 1; failures <= times; failures += 1) {
        const last = workers.findLast((one) => one.number === number);
        last?.events.ended(number);
        if (failures < times) await clock.advance(5000);
      }
    };
    await failOften(1, 6);
    expect(kindsOf(worker(1))).not.toContain("drain");
    // The first end of one that has served for long is no failed start.
    await failOften(2, 7);
    // The first one's next start had begun.
    for (const { killed, events } of workers) if (killed) events.ended("SIGKILL");
    const { exitCode, problem } = await supervisor.ended;
    expect(exitCode).toBe(4);
    expect(problem).toBe(
      "no worker serves, and each failed 6 times or more in a row within 1 s of its start, the last one, worker 2, by exit code 2: giving up",
    );
    const started = workers.length;
    await clock.advance(60_000);
    expect(workers).toHaveLength(started);
    expect(clock.timersWaiting()).toBe(0);
  });

  test("is started again with what the others have read of the files that settings name", async () => {
    const startOf = async (): Promise<ToWorker | undefined> => {
      worker(0).events.ended(1);
      await clock.advance(STABLE_MS);
      say(worker(-1), { kind: "ready" });
      return worker(-1).heard.at(-1);
    };
    expect(await startOf()).toEqual({ ...START, files: FILES });
    const files = { "/keys": "new-key" };
    const source = { environment: { SERVER_PORT: "1", LOG_LEVEL: "warn" } };
    say(worker(1), { kind: "reloaded", source, files });
    expect(await startOf()).toEqual({ ...START, files, reloaded: source });
  });

  test.each([
    ["taken", { kind: "reloaded", source: { environment: { LOG_LEVEL: "warn" } }, files: FILES }],
    ["refused", { kind: "not-reloaded", source: { environment: { LOG_LEVEL: "warn" } } }],
  ] as const)("learns of a reload that nobody has answered yet; once it was %s, it does not", async (_, answer) => {
    const environment = { LOG_LEVEL: "warn" };
    worker(0).events.ended(1);
    await clock.advance(STABLE_MS);
    supervisor.reload({ environment });
    expect(worker(1).heard.at(-1)).toEqual({ kind: "reload", environment });
    say(worker(-1), { kind: "ready" });
    expect(worker(-1).heard).toEqual([
      { ...START, files: FILES },
      { kind: "reload", environment },
    ]);
    say(worker(1), answer);
    worker(-1).events.ended(1);
    await clock.advance(STABLE_MS);
    say(worker(-1), { kind: "ready" });
    expect(kindsOf(worker(-1))).toEqual(["start"]);
  });

  test("learns of a reload that was asked for after the one that was answered", async () => {
    const [first, second] = [{ environment: { LOG_LEVEL: "warn" } }, { environment: { LOG_LEVEL: "error" } }];
    supervisor.reload(first);
    supervisor.reload(second);
    say(worker(1), { kind: "reloaded", source: first, files: FILES });
    worker(0).events.ended(1);
    await clock.advance(STABLE_MS);
    say(worker(-1), { kind: "ready" });
    expect(worker(-1).heard).toEqual([
      { ...START, files: FILES, reloaded: first },
      { kind: "reload", ...second },
    ]);
  });

  test("learns what is wrong with the configuration file by now, until it is right again", async () => {
    const startOf = async (): Promise<ToWorker | undefined> => {
      worker(0).events.ended(1);
      await clock.advance(STABLE_MS);
      say(worker(-1), { kind: "ready" });
      return worker(-1).heard.at(0);
    };
    const source = { environment: {} };
    say(worker(1), { kind: "not-reloaded", source, problem: "a problem" });
    expect(await startOf()).toEqual({ ...START, files: FILES, fileProblem: "a problem" });
    say(worker(1), { kind: "reloaded", source, files: FILES });
    expect(await startOf()).toEqual({ ...START, files: FILES, reloaded: source });
  });

  test("is not given up if it serves for a while in between", async () => {
    for (let count = 0; count < 10; count += 1) {
      await clock.advance(STABLE_MS);
      worker(count === 0 ? 0 : -1).events.ended(1);
      await clock.advance(100);
      await bringUp(worker(-1));
    }
    expect(workers).toHaveLength(12);
  });

  test("is not held against it if an operator asked it to end", async () => {
    for (let count = 0; count < 10; count += 1) {
      worker(count === 0 ? 0 : -1).events.ended(count % 2 === 0 ? 0 : 3);
      expect(lines.at(-1)).toMatchObject({ level: "info", failed_starts: 0 });
      await clock.advance(100);
      await bringUp(worker(-1));
    }
  });

  test("does not count as one that serves if its last words come after its exit", async () => {
    worker(0).events.ended("SIGKILL");
    await clock.advance(100);
    worker(2).events.ended("SIGKILL");
    const before = lines.length;
    say(worker(2), { kind: "ready" }, { kind: "built", files: FILES }, { kind: "listening", serving: SERVING });
    await settle();
    expect(lines).toHaveLength(before);
    expect(worker(2).heard).toEqual([]);
    expect(worker(1).heard.at(-1)).toEqual({ kind: "count", up: 1, of: 2 });
  });

  test("and cannot be started is tried again like one that ends", async () => {
    spawnFails = true;
    worker(0).events.ended(1);
    await clock.advance(100);
    expect(lines.at(-1)).toMatchObject({ worker: 1, reason: "Error: no process can be had", failed_starts: 2 });
    spawnFails = false;
    await clock.advance(200);
    expect(worker(2).number).toBe(1);
  });

  test("and cannot serve any more is tried again like one that ends", async () => {
    worker(0).events.ended(1);
    await clock.advance(100);
    say(worker(2), { kind: "ready" }, { kind: "failed", problem: "the certificate is gone", exitCode: 2 });
    expect(worker(2).killed).toBe(true);
    expect(lines.at(-1)).toMatchObject({ level: "error", worker: 1, problem: "the certificate is gone" });
    worker(2).events.ended("SIGKILL");
    await clock.advance(200);
    expect(workers).toHaveLength(4);
  });
});

describe("the end", () => {
  beforeEach(bringUpBoth);

  test("is reached by all workers, and drained only when none accepts any more", async () => {
    let quiet = false;
    void supervisor.drain().then(() => {
      quiet = true;
    });
    expect(workers.map((one) => kindsOf(one).at(-1))).toEqual(["drain", "drain"]);
    say(worker(0), { kind: "draining" });
    await settle();
    expect(quiet).toBe(false);
    worker(1).events.ended(0);
    await settle();
    expect(quiet).toBe(true);
    worker(0).events.ended(0);
    expect(await supervisor.ended).toEqual({ exitCode: 0 });
    expect(clock.timersWaiting()).toBe(0);
  });

  test.each([3, 1, "SIGSEGV"])("is told with exit code 3 if a worker ended with %p", async (reason) => {
    void supervisor.drain();
    worker(0).events.ended(reason);
    worker(1).events.ended(0);
    expect(await supervisor.ended).toEqual({ exitCode: 3 });
  });

  test("is not waited for if a worker hangs", async () => {
    void supervisor.drain();
    worker(0).events.ended(0);
    await clock.advance(SHUTDOWN_MS + 4999);
    expect(worker(1).killed).toBe(false);
    await clock.advance(1);
    expect(worker(1).killed).toBe(true);
    worker(1).events.ended("SIGKILL");
    expect(await supervisor.ended).toEqual({ exitCode: 3 });
  });

  test("starts no worker that is waiting for its next start, and stops one that is starting", async () => {
    worker(0).events.ended(1);
    worker(1).events.ended(1);
    await clock.advance(50);
    void supervisor.drain();
    expect(await supervisor.ended).toEqual({ exitCode: 0 });
    await clock.advance(60_000);
    expect(workers).toHaveLength(2);
  });
});
