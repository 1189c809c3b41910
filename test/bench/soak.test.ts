import { afterAll, describe, expect, test } from "bun:test";
import { createSoakClient } from "../../bench/endurance/client.ts";
import { judgeSoak, type LoadedRecord } from "../../bench/endurance/judge.ts";
import { kindOf, SOAK_KINDS, type SoakKindName } from "../../bench/endurance/kinds.ts";
import { sendSteadily } from "../../bench/endurance/steady-requests.ts";
import { startProvider } from "../fixtures/load-provider.ts";

const MIB = 1048576;
const NAMES = Object.keys(SOAK_KINDS) as SoakKindName[];

const chat = (fault?: string) => ({ kind: "chat" as const, startedAt: 0, milliseconds: 5, waitedForCpuMs: 0, fault });

const GOOD: LoadedRecord = {
  requests: [chat(), chat()],
  before: { residentBytes: 100 * MIB, sockets: 3, objects: { Promise: 1600, Timeout: 1, Structure: 7000 } },
  after: { residentBytes: 110 * MIB, sockets: 3, objects: { Promise: 1610, Timeout: 2, Structure: 9000 } },
  longestTurnMs: 10,
  exitCode: 0,
  drainSeconds: 0.1,
};

/** Texts of the findings that do not hold. */
function failuresOf(changes: Partial<LoadedRecord>): string[] {
  return judgeSoak({ ...GOOD, ...changes }).flatMap(({ holds, text }) => (holds ? [] : [text]));
}

describe("a soak fails", () => {
  const BAD = [
    ["a request that ended otherwise", { requests: [chat("status 502")] }, "but 1 x chat: status 502"],
    ["no request at all", { requests: [] }, "0 requests"],
    ["memory that stays", { after: { ...GOOD.after, residentBytes: 121 * MIB } }, "grew by 21.0 MiB"],
    ["a socket left open", { after: { ...GOOD.after, sockets: 4 } }, "3 before, 4 after"],
    ["timers left behind", { after: { ...GOOD.after, objects: { Promise: 1600, Timeout: 300 } } }, "Timeout 299"],
    ["a process that was cut off", { exitCode: 3 }, "ended with 3 after 0.10 s"],
    ["a process that does not end", { exitCode: undefined }, "ended with a kill"],
  ] as const satisfies readonly (readonly [string, Partial<LoadedRecord>, string])[];
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
    const { before, after } = GOOD;
    expect(failuresOf({ before: { ...before, objects: undefined }, after: { ...after, objects: undefined } })).toEqual(
      [],
    );
  });
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
    expect(SOAK_KINDS[name].findFault(status, tail)).toContain(fault);
  });

  test("not if it ends as it has to", () => {
    expect(SOAK_KINDS["provider refuses"].findFault(429, "{}")).toBeUndefined();
    expect(SOAK_KINDS.stream.findFault(200, "data: {}\n\ndata: [DONE]\n\n")).toBeUndefined();
    expect(SOAK_KINDS["provider cuts a stream"].findFault(502, "{}")).toBeUndefined();
    expect(SOAK_KINDS["provider stalls"].findFault(200, 'data: {"error":{}}\n\n')).toBeUndefined();
  });
});

describe("clients and provider of the soak", () => {
  const provider = startProvider();
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

  test("send at a steady rate, and tell how each request ended", async () => {
    const sending = sendSteadily({ client, pid: process.pid, rate: 200, kindOf: () => "provider refuses" });
    await Bun.sleep(50);
    const requests = await sending.stop();
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.every(({ kind, fault }) => kind === "provider refuses" && fault === undefined)).toBe(true);
  });

  test("let go of each other's connections", async () => {
    client.closeIdle();
    provider.closeIdle();
    while (provider.connections() > 0) await new Promise(setImmediate);
    expect(provider.connections()).toBe(0);
  });
});
