import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type AbuseRecord, judgeAbuse, slowAlone } from "../../bench/endurance/judge.ts";
import { MODELS } from "../fixtures/load-provider-answers.ts";
import { abusiveRequests, drawManner, misbehave } from "../abuse/hostile-client.ts";
import { json } from "../fixtures/answers.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { createRandom } from "../fixtures/random.ts";

const MIB = 1048576;
const at = (startedAt: number, milliseconds: number, fault?: string) => ({
  kind: "chat" as const,
  startedAt,
  milliseconds,
  waitedForCpuMs: 0,
  fault,
});

const GOOD: AbuseRecord = {
  name: "one process",
  abuses: 100,
  requests: [at(0, 10), at(100, 12), { ...at(0, 1300), kind: "stream" }],
  control: [at(0, 5), at(100, 6)],
  longestTurnMs: 40,
  before: { residentBytes: 80 * MIB, sockets: 4, objects: undefined },
  after: { residentBytes: 95 * MIB, sockets: 4, objects: undefined },
  exitCode: 0,
  drainSeconds: 0.1,
};

/** Texts of the findings that do not hold. */
function failuresOf(changes: Partial<AbuseRecord>): string[] {
  return judgeAbuse({ ...GOOD, ...changes }).flatMap(({ holds, text }) => (holds ? [] : [text]));
}

describe("the abuse is judged", () => {
  test("to have done nothing", () => expect(failuresOf({})).toEqual([]));

  const BAD = [
    ["a healthy request without its answer", { requests: [at(0, 5, "status 502")] }, "1 x chat: status 502"],
    ["no healthy request", { requests: [] }, "0 requests"],
    ["a chat that was slow", { requests: [at(0, 400)] }, "1 chats took more than 250 ms"],
    ["a long turn", { longestTurnMs: 251 }, "took 251 ms of CPU time"],
    ["memory that stays", { after: { ...GOOD.after, residentBytes: 101 * MIB } }, "grew by 21.0 MiB"],
    ["a socket that stays", { after: { ...GOOD.after, sockets: 5 } }, "4 before, 5 after"],
    ["a gateway that had died", { exitCode: 1 }, "it ended with 1"],
    ["a gateway that does not end", { exitCode: undefined }, "it ended with a kill"],
  ] as const satisfies readonly (readonly [string, Partial<AbuseRecord>, string])[];
  test.each(BAD)("to have left %s, and nothing else", (_, changes, text) => {
    const failures = failuresOf(changes);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(text);
  });

  test("by the bare proxy: what is as slow there, at the same time, is the machine's fault", () => {
    expect(slowAlone([at(0, 400)], [at(100, 300)])).toEqual([]);
    expect(slowAlone([at(0, 400)], [at(100, 100)])).toHaveLength(1);
    expect(slowAlone([at(0, 400)], [at(5000, 300)])).toHaveLength(1);
    expect(slowAlone([{ ...at(0, 400), waitedForCpuMs: 200 }], [])).toEqual([]);
  });
});

test("the same seed gives the same abuse, another one another", () => {
  const draw = (seed: number): unknown[] => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => [random.below(1000), drawManner(random)]);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set(Array.from({ length: 200 }, (_, index) => createRandom(index).below(10))).size).toBe(10);
});

test("a client of any manner lets go of its connection", async () => {
  await using provider = await startMockProvider();
  provider.answerAlways(() => json(200, "{}"));
  const requests = abusiveRequests(MODELS);
  const random = createRandom(3);
  const clients = Array.from({ length: 30 }, () =>
    misbehave(provider.port, random.pick(requests), drawManner(random), 500),
  );
  await Promise.all(clients);
  while (provider.openConnections > 0) await new Promise(setImmediate);
  expect(provider.openConnections).toBe(0);
});

test.skipIf(process.platform !== "linux")(
  "a short abuse runs to its end, and prints its seed, a table and every finding",
  async () => {
    const bench = Bun.spawn(
      [
        process.execPath,
        join(import.meta.dir, "..", "..", "bench", "run.ts"),
        "abuse",
        "--minutes",
        "0.004",
        "--clients",
        "2",
        "--seed",
        "5",
      ],
      { stdout: "pipe", stderr: "inherit" },
    );
    const output = await new Response(bench.stdout).text();
    // Whether all bounds hold within less than a second on a busy machine is not what is asked here.
    expect([0, 1]).toContain(await bench.exited);
    expect(output).toContain("seed 5");
    expect(output).toMatch(/one process \| +\d+ \| +\d+ \|/);
    expect(output.match(/^(ok {4}|FAILED) /gm)).toHaveLength(12);
  },
  180_000,
);
