import { describe, expect, spyOn, test } from "bun:test";
import { BACKGROUND_TIMERS } from "../../src/core/deadlines.ts";
import { type LostLines, WHOLE_BYTES } from "../../src/telemetry/line-batches.ts";
import { openLineStream } from "../../src/telemetry/line-stream.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { within } from "../fixtures/within.ts";

const BATCH_BYTES = 4096;
const MAX_WAITING_BYTES = 1024 * 1024;
/** Longer than any test waits. */
const LONG_MS = 60_000;

/**
 * A stream whose writes are kept; `bytes` resolves when so many have been written.
 * @param answer what the output answers to a write; undefined for one that it does not answer before `goOn`.
 */
function setUp(answer: (bytes: Uint8Array) => number | string | undefined = ({ length }) => length) {
  const writes: Buffer[] = [];
  const lastWrites: string[] = [];
  const lost: LostLines[] = [];
  let awaited = Number.POSITIVE_INFINITY;
  let goOn = (): void => {};
  const { promise, resolve } = Promise.withResolvers<void>();
  const written = (): number => writes.reduce((sum, { length }) => sum + length, 0);
  const line = (text: string, isFailure = false): void => {
    stream.buffer.text(`${text}\n`);
    stream.end(isFailure);
  };
  const stream = openLineStream({
    timers: BACKGROUND_TIMERS,
    output: {
      write(bytes, done) {
        const answered = answer(bytes);
        if (answered === undefined) {
          goOn = () => {
            writes.push(Buffer.from(bytes));
            done(bytes.length);
          };
          return;
        }
        if (typeof answered === "number") writes.push(Buffer.from(bytes.subarray(0, answered)));
        done(answered);
        if (written() >= awaited) resolve();
      },
      writeLast: (bytes) => void lastWrites.push(Buffer.from(bytes).toString()),
    },
    batchBytes: BATCH_BYTES,
    onLost(count) {
      lost.push(count);
      line(`lost ${count.info}`, true);
    },
  });
  return {
    writes,
    lastWrites,
    lost,
    line,
    flush: stream.flush,
    allLost: stream.lost,
    goOn: () => goOn(),
    text: () => Buffer.concat(writes).toString(),
    async bytes(count: number) {
      awaited = count;
      if (written() < count) await within(promise, 5000, "all lines");
    },
  };
}

test("many lines leave in few writes, each of whole lines and none longer than a batch", async () => {
  const { writes, line, bytes, text } = setUp();
  const lines = Array.from({ length: 200 }, (_, index) => `${index} ${"x".repeat(index % 400)}`);
  for (const text of lines) line(text);
  const expected = lines.map((each) => `${each}\n`).join("");
  await bytes(expected.length);
  expect(text()).toBe(expected);
  expect(writes.length).toBeLessThan(20);
  for (const write of writes) {
    expect(write.length).toBeLessThanOrEqual(BATCH_BYTES);
    expect(write.at(-1)).toBe(0x0a);
  }
});

test("a line that is longer than that is a write of its own", async () => {
  const { writes, line, bytes } = setUp();
  for (const text of ["before", "y".repeat(5000), "behind"]) line(text);
  await bytes(7 + 5001 + 7);
  expect(writes.map(({ length }) => length)).toEqual([7, 5001, 7]);
});

test("what is taken in part is written to its end", async () => {
  const { line, bytes, text } = setUp(({ length }) => Math.min(length, 1000));
  const lines = Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(90)}`);
  for (const text of lines) line(text);
  const expected = lines.map((each) => `${each}\n`).join("");
  await bytes(expected.length);
  expect(text()).toBe(expected);
});

describe("an output that stalls", () => {
  test("gets one write at a time, and what waits has a bound; what is lost is counted where it would stand", async () => {
    let stalls = true;
    const parts = setUp(({ length }) => (stalls ? undefined : length));
    const LINE = "z".repeat(999);
    const given = 4000;
    for (let index = 0; index < given; index++) parts.line(LINE);
    await parts.flush(1);
    expect(parts.writes).toEqual([]);
    stalls = false;
    parts.goOn();
    await parts.flush(LONG_MS);
    expect(parts.lost).toHaveLength(1);
    const lines = parts.text().trimEnd().split("\n");
    const lost = parts.lost[0]?.info ?? 0;
    expect(lines.filter((text) => text === LINE)).toHaveLength(given - lost);
    expect((given - lost) * 1000).toBeWithin(MAX_WAITING_BYTES - BATCH_BYTES, MAX_WAITING_BYTES + BATCH_BYTES);
    // What was held when the output stalled comes behind it, with what is written later.
    const at = lines.indexOf(`lost ${lost}`);
    expect(at).toBeGreaterThan(lines.length - 10);
    parts.line("later");
    await parts.flush(LONG_MS);
    expect(parts.text().trimEnd().split("\n").at(-1)).toBe("later");
  });

  test("loses no line of what failed, wherever they are among the others, and says of how many others", async () => {
    let stalls = true;
    const parts = setUp(({ length }) => (stalls ? undefined : length));
    const given = 6000;
    const failures: string[] = [];
    for (let index = 0; index < given; index++) {
      const isFailure = index % 7 === 3 || (index > 3000 && index < 3030);
      const text = `${isFailure ? "failed" : "went well"} ${index} ${"é".repeat(index % 400)}`;
      if (isFailure) failures.push(text);
      parts.line(text, isFailure);
    }
    await parts.flush(1);
    const { info, failures: lostFailures } = parts.allLost();
    expect(info).toBeGreaterThan(1000);
    expect(lostFailures).toBe(0);
    stalls = false;
    parts.goOn();
    await parts.flush(LONG_MS);
    const lines = parts.text().trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("failed"))).toEqual(failures);
    expect(lines.filter((line) => line.startsWith("went well"))).toHaveLength(given - failures.length - info);
    expect(parts.lost).toEqual([{ info, failures: 0 }]);
    expect(parts.allLost()).toEqual({ info, failures: 0 });
  });

  test("holds a bounded number even of those; what is lost of them is counted apart", async () => {
    const parts = setUp(() => undefined);
    const LINE = "f".repeat(64 * 1024 - 1);
    const given = 400;
    for (let index = 0; index < given; index++) parts.line(LINE, true);
    await parts.flush(1);
    // 17 MiB, and what was held while the first was being written.
    expect(parts.allLost()).toEqual({ info: 0, failures: expect.any(Number) });
    expect(given - parts.allLost().failures).toBeWithin(270, 276);
  });

  test("says anew what it loses when it stalls again", async () => {
    let stalls = true;
    const parts = setUp(({ length }) => (stalls ? undefined : length));
    const fill = async (): Promise<void> => {
      for (let index = 0; index < 2000; index++) parts.line("z".repeat(999));
      await parts.flush(1);
    };
    await fill();
    stalls = false;
    parts.goOn();
    await parts.flush(LONG_MS);
    stalls = true;
    await fill();
    stalls = false;
    parts.goOn();
    await parts.flush(LONG_MS);
    expect(parts.lost).toHaveLength(2);
    const sum = parts.lost.reduce((total, { info }) => total + info, 0);
    expect(parts.allLost()).toEqual({ info: sum, failures: 0 });
    expect(
      parts
        .text()
        .split("\n")
        .filter((line) => line.startsWith("z")),
    ).toHaveLength(4000 - sum);
  });

  test("is not waited for longer than was asked for", async () => {
    const parts = setUp(() => undefined);
    parts.line("a");
    await within(parts.flush(10), 5000, "the end of waiting");
    expect(parts.writes).toEqual([]);
  });
});

describe("at the end", () => {
  const CHUNK = 4096;

  /** An output that takes what it was asked to write when the test says so, at times that the test makes pass. */
  function setUpSlow() {
    const clock = createManualClock();
    const sizes: number[] = [];
    let answer: (() => void) | undefined;
    let text = "";
    const stream = openLineStream({
      timers: clock,
      output: {
        write(bytes, done) {
          answer = () => {
            answer = undefined;
            sizes.push(bytes.length);
            text += Buffer.from(bytes).toString();
            done(bytes.length);
          };
        },
        writeLast() {},
      },
      batchBytes: 32 * 1024,
      onLost() {},
    });
    const line = (text: string): void => {
      stream.buffer.text(`${text}\n`);
      stream.end(false);
    };
    const flush = (ms: number) => {
      const state = { left: undefined as number | undefined };
      void stream.flush(ms).then((left) => (state.left = left));
      return state;
    };
    return { clock, sizes, line, flush, text: () => text, take: () => (answer?.(), answer !== undefined) };
  }

  test("a reader that reads on gets all lines, however slow it is", async () => {
    const { clock, sizes, line, flush, text, take } = setUpSlow();
    const lines = Array.from({ length: 300 }, (_, index) => `${index} ${"x".repeat(990)}`);
    for (const each of lines) line(each);
    const flushed = flush(LONG_MS * 10);
    for (let isWaiting = true; isWaiting;) {
      await clock.advance(900);
      expect(flushed.left).toBeUndefined();
      isWaiting = take();
    }
    await clock.advance(0);
    expect([flushed.left, text()]).toEqual([0, lines.map((each) => `${each}\n`).join("")]);
    // Small ones, once it is known to be slow, so that it shows that it reads on.
    expect(sizes.slice(1).every((size) => size <= CHUNK)).toBe(true);
  });

  test("one that takes nothing for a second is given up, with the number of lines that it has not taken", async () => {
    const { clock, line, flush, take } = setUpSlow();
    for (let index = 0; index < 100; index++) line(`${index} ${"x".repeat(990)}`);
    const flushed = flush(LONG_MS);
    await clock.advance(900);
    take();
    await clock.advance(999);
    expect(flushed.left).toBeUndefined();
    await clock.advance(1);
    expect(flushed.left).toBeWithin(60, 70);
  });

  test("no reader is waited for longer than there is time", async () => {
    const { clock, line, flush, take } = setUpSlow();
    for (let index = 0; index < 100; index++) line(`${index} ${"x".repeat(990)}`);
    const flushed = flush(2500);
    for (let seconds = 0; seconds < 3; seconds += 0.5) {
      expect([seconds, flushed.left === undefined]).toEqual([seconds, seconds < 2.5]);
      await clock.advance(500);
      take();
    }
    expect(flushed.left).toBeGreaterThan(0);
  });
});

describe("when the process exits", () => {
  /** Has the stream do what it does then. */
  function setUpExit() {
    const known = new Set(process.listeners("exit"));
    const parts = setUp(() => undefined);
    const listener = process.listeners("exit").find((each) => !known.has(each));
    if (!listener) throw new Error("nothing is done at the exit");
    process.off("exit", listener);
    const exit = (): readonly unknown[] => {
      using sleep = spyOn(Bun, "sleepSync").mockImplementation(() => {});
      listener(0);
      return sleep.mock.calls.flat();
    };
    return { ...parts, exit };
  }

  test("a long write that is under way gets 50 ms, and nothing is written behind what may be a part of it", async () => {
    const { line, flush, exit, lastWrites } = setUpExit();
    line("x".repeat(WHOLE_BYTES));
    await flush(1);
    line("behind");
    expect([exit(), lastWrites]).toEqual([[50], []]);
  });

  test.each([
    ["a short one, which is taken as a whole,", "x".repeat(WHOLE_BYTES - 1)],
    ["none", undefined],
  ])("behind %s all lines are written at once", async (_, underWay) => {
    const { line, flush, exit, lastWrites } = setUpExit();
    if (underWay !== undefined) line(underWay);
    await flush(1);
    line("behind");
    line("last");
    expect([exit(), lastWrites.join("")]).toEqual([[], "behind\nlast\n"]);
  });
});

test("an output that refuses is tried again, with the same bytes", async () => {
  const answers: (string | undefined)[] = ["EAGAIN", "ENOSPC", "EAGAIN"];
  const { line, bytes, text } = setUp(({ length }) => answers.shift() ?? length);
  line("a");
  await bytes(2);
  expect(text()).toBe("a\n");
});

test("an output with an error that lasts is not waited for", async () => {
  const parts = setUp(() => "ENOSPC");
  parts.line("a");
  await within(parts.flush(LONG_MS), 5000, "the end of waiting");
});
