import { expect, test } from "bun:test";
import { judge } from "./judge.ts";

const MIB = 1024 * 1024;

/** The case judged by runs of one and of four MiB, in which nothing is wrong but what is given of the larger. */
function judged(large: { readonly longestTurnMs?: number; readonly cpuMs?: number }, slowness?: number): string[] {
  const run = (mebibytes: number, measured: object) => ({
    exchange: { requests: [], bytes: mebibytes * MIB },
    measurement: {
      ...{ statuses: [200], cpuMs: 20, longestTurnMs: 20, memoryBytes: MIB, answered: 1, faults: [] },
      ...measured,
    },
  });
  return judge({ statuses: [200] }, run(1, {}), run(4, large), slowness);
}

test("nothing is wrong with what takes its time", () => {
  expect(judged({ longestTurnMs: 50, cpuMs: 270 })).toEqual([]);
});

test("a turn may last longer where the same work takes longer, but never for a second", () => {
  expect(judged({ longestTurnMs: 60 })).toEqual(["4.00 MiB: a turn of 60 ms, may be 50"]);
  expect(judged({ longestTurnMs: 60 }, 1.3)).toEqual([]);
  expect(judged({ longestTurnMs: 1000 }, 4)).toEqual(["4.00 MiB: a turn of 1000 ms, may be 200"]);
});

test("what grows with the square of the size is wrong however slow the machine is", () => {
  const cpuMs = 16 * 100;
  expect(judged({ cpuMs })).toEqual(["4 times the size took 1600 ms of CPU time after 20, may be 270"]);
  expect(judged({ cpuMs }, 4)).toEqual(["4 times the size took 1600 ms of CPU time after 20, may be 720"]);
});
