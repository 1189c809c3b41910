import { afterAll, describe, expect, test } from "bun:test";
import { createSoakClient, findFault } from "../../bench/soak-client.ts";
import { judgeSoak, slope, type SoakRecord, type SoakSample, thirds } from "../../bench/soak-judge.ts";
import { kindOf, SOAK_KINDS, type SoakKindName } from "../../bench/soak-kinds.ts";
import { startSoakProvider } from "../../bench/soak-provider.ts";

const MIB = 1048576;
const NAMES = Object.keys(SOAK_KINDS) as SoakKindName[];

/** Memory every two seconds, each value in MiB. */
function memory(...values: readonly number[]): SoakSample[] {
  return values.map((value, index) => ({ seconds: index * 2, residentBytes: value * MIB, sockets: 3 }));
}

const GOOD: SoakRecord = {
  requests: 1000,
  faults: {},
  samples: memory(100, 101, 99, 100, 130, 100, 101, 99, 100),
  before: { sockets: 3, objects: { Promise: 1600, Timeout: 1, Structure: 7000 } },
  after: { sockets: 3, objects: { Promise: 1610, Timeout: 2, Structure: 9000 } },
  exitCode: 0,
  drainSeconds: 0.1,
};

/** Texts of the findings that do not hold. */
function failuresOf(changes: Partial<SoakRecord>): string[] {
  return judgeSoak({ ...GOOD, ...changes }).flatMap(({ holds, text }) => (holds ? [] : [text]));
}

describe("a soak fails", () => {
  const BAD = [
    [
      "a request that ended otherwise",
      { faults: { "chat: status 502, not 200": 2 } },
      "but 2 x chat: status 502, not 200",
    ],
    ["no request at all", { requests: 0 }, "0 requests"],
    ["memory that grows", { samples: memory(100, 104, 108, 112, 116, 120, 124, 128, 132) }, "104.0, 116.0, 128.0 MiB"],
    ["memory that nobody read", { samples: [] }, "-, -, - MiB"],
    ["a socket left open", { after: { ...GOOD.after, sockets: 4 } }, "3 before, 4 after"],
    ["timers left behind", { after: { sockets: 3, objects: { Promise: 1600, Timeout: 300 } } }, "Timeout +299"],
    ["a process that was cut off", { exitCode: 3 }, "ended with 3 after 0.10 s"],
    ["a process that does not end", { exitCode: undefined }, "did not within ten seconds"],
  ] as const satisfies readonly (readonly [string, Partial<SoakRecord>, string])[];
  test.each(BAD)("for %s, and for nothing else", (_, changes, text) => {
    const failures = failuresOf(changes);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(text);
  });
});

describe("a soak passes", () => {
  test("with outliers, caches that fill and code that is compiled", () => {
    expect(failuresOf({})).toEqual([]);
  });

  test("of a binary, whose heap cannot be looked at", () => {
    expect(
      failuresOf({ before: { sockets: 3, objects: undefined }, after: { sockets: 3, objects: undefined } }),
    ).toEqual([]);
  });

  test("where small memory grows by a little", () => {
    expect(failuresOf({ samples: memory(30, 30, 30, 33, 33, 33, 35, 35, 35) })).toEqual([]);
  });
});

test("the slope is that of most of the time, in bytes a second", () => {
  expect(slope(memory(10, 12, 14, 90, 18, 20))).toBeCloseTo(MIB);
  expect(slope(memory(10))).toBeUndefined();
  expect(thirds(memory(1, 2, 3, 4, 5, 6)).map((value) => (value ?? 0) / MIB)).toEqual([1.5, 3.5, 5.5]);
});

test("a hundred requests on end have every kind in its share, two of them stalls", () => {
  const counts = new Map<SoakKindName, number>();
  for (let index = 250; index < 350; index += 1) counts.set(kindOf(index), (counts.get(kindOf(index)) ?? 0) + 1);
  for (const name of NAMES) expect([name, counts.get(name)]).toEqual([name, SOAK_KINDS[name].percent]);
  expect(SOAK_KINDS["provider is mute"].percent + SOAK_KINDS["provider stalls"].percent).toBe(2);
});

describe("an answer is at fault", () => {
  const FAULTS = [
    ["chat", 502, "", "status 502, not 200"],
    ["stream", 502, "", "status 502, not a stream"],
    ["stream", 200, "data: {}\n\n", "a stream that ends in"],
    ["provider stalls", 502, "{}", "status 502, not a stream"],
    ["provider stalls", 200, "data: [DONE]\n\n", "a whole stream where it had to fail"],
    ["provider cuts a stream", 200, "data: {}\n\n", "a stream without its error"],
    ["left within a flood", 200, "data: [DONE]\n\n", "a whole answer before the client had left"],
  ] as const;
  test.each(FAULTS)("%s, status %d, %j", (name, status, tail, fault) => {
    expect(findFault(SOAK_KINDS[name], status, tail)).toContain(fault);
  });

  test("not where it ends as it has to", () => {
    expect(findFault(SOAK_KINDS["provider refuses"], 429, "{}")).toBeUndefined();
    expect(findFault(SOAK_KINDS.stream, 200, "data: {}\n\ndata: [DONE]\n\n")).toBeUndefined();
    expect(findFault(SOAK_KINDS["provider cuts a stream"], 502, "{}")).toBeUndefined();
    expect(findFault(SOAK_KINDS["provider stalls"], 200, 'data: {"error":{}}\n\n')).toBeUndefined();
  });
});

describe("clients and provider of the soak", () => {
  const provider = startSoakProvider();
  // Without a gateway between, everything ends as the provider has it end; the fault tells that apart from a broken rig.
  const client = createSoakClient(`${provider.origin}/v1/chat/completions`);
  afterAll(() => provider.stop());

  const ENDINGS = [
    ["chat", undefined],
    ["large chat", undefined],
    ["slow reader", undefined],
    ["left before the answer", undefined],
    ["left within a stream", undefined],
    ["left within a flood", undefined],
    ["provider refuses", undefined],
    ["provider fails", undefined],
    ["provider hangs up", "the connection was closed before the whole answer"],
    ["provider cuts a stream", "the connection was closed before the whole answer"],
    ["stream", undefined],
  ] as const;
  test.concurrent.each(ENDINGS)("agree on: %s", async (name, fault) => {
    expect(await client.exchange(name)).toBe(fault);
  });

  test("let go of each other's connections", async () => {
    client.closeIdle();
    provider.closeIdle();
    while (provider.connections() > 0) await new Promise(setImmediate);
    expect(provider.connections()).toBe(0);
  });
});
