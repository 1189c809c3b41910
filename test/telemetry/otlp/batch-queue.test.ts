import { describe, expect, test } from "bun:test";
import { type BatchQueueParts, openBatchQueue } from "../../../src/telemetry/otlp/batch-queue.ts";
import type { Post, PostResult } from "../../../src/telemetry/otlp/post.ts";
import { createBatchSender } from "../../../src/telemetry/otlp/send-batch.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";

const TAKEN: PostResult = { kind: "taken", rejected: 0 };
const LATER: PostResult = { kind: "later", problem: "away" };

/** A queue of numbers whose batches are their bytes, and a collector whose answers a test gives. */
function open(post: Post, options: Partial<BatchQueueParts<number>> = {}, timeoutMs = 10_000) {
  const clock = createManualClock();
  const sent: { readonly at: number; readonly items: readonly number[] }[] = [];
  const problems: (string | undefined)[] = [];
  const startedAt = clock.now();
  const sender = createBatchSender({
    post(body, signal) {
      sent.push({ at: clock.now() - startedAt, items: [...body] });
      return post(body, signal);
    },
    ...{ timers: clock, timeoutMs, random: () => 0.5 },
  });
  const queue = openBatchQueue<number>({
    ...{
      sender,
      timers: clock,
      write: (items) => Uint8Array.from(items),
      onChange: (problem) => void problems.push(problem),
    },
    limits: { delayMs: 100, maxQueued: 6, maxBatch: 3 },
    ...options,
  });
  return { clock, queue, sent, problems };
}

describe("a queue", () => {
  test("sends what has waited long enough, and full batches at once", async () => {
    const { clock, queue, sent } = open(async () => TAKEN);
    queue.add([1]);
    await clock.advance(60);
    queue.add([2]);
    await clock.advance(60);
    queue.add([3, 4, 5, 6]);
    await settle();
    await clock.advance(100);
    expect(sent).toEqual([
      { at: 100, items: [1, 2] },
      { at: 120, items: [3, 4, 5] },
      { at: 220, items: [6] },
    ]);
    expect([queue.dropped(), clock.timersWaiting()]).toEqual([0, 0]);
  });

  test("drops and counts what it has no room for, and what the collector does not take", async () => {
    let answer = Promise.withResolvers<PostResult>();
    const { clock, queue, sent, problems } = open(() => answer.promise);
    queue.add([1, 2, 3]);
    queue.add([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(queue.dropped()).toBe(2);
    const refusing = answer;
    answer = Promise.withResolvers();
    refusing.resolve({ kind: "refused", problem: "no" });
    await settle();
    expect([queue.dropped(), problems]).toEqual([5, ["no"]]);
    answer.resolve({ kind: "taken", rejected: 1 });
    await settle();
    expect(sent.map(({ items }) => items)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect([queue.dropped(), problems, clock.timersWaiting()]).toEqual([7, ["no", undefined], 0]);
  });

  test("counts the room that items take", () => {
    const { queue } = open(async () => TAKEN, { weigh: (item) => item });
    queue.add([4, 3, 2]);
    expect(queue.dropped()).toBe(1);
  });

  test("counts no more than it has sent if a collector says that it rejects more", async () => {
    const { queue } = open(async () => ({ kind: "taken", rejected: 1_000_000 }));
    queue.add([1, 2, 3]);
    await settle();
    expect(queue.dropped()).toBe(3);
  });

  test("drops a batch that cannot be written, and goes on", async () => {
    const write = (items: readonly number[]): Uint8Array<ArrayBuffer> => {
      if (items.includes(1)) throw new Error("no time");
      return Uint8Array.from(items);
    };
    const { queue, sent, problems } = open(async () => TAKEN, { write });
    queue.add([1, 2, 3, 4, 5, 6]);
    await settle();
    await queue.close(1000);
    expect(sent.map(({ items }) => items)).toEqual([[4, 5, 6]]);
    expect([queue.dropped(), problems]).toEqual([3, ["a batch cannot be written", undefined]]);
  });

  test("takes nothing once it is closed, and sends the rest", async () => {
    const { queue, sent } = open(async () => TAKEN);
    queue.add([1, 2]);
    await queue.close(1000);
    queue.add([3]);
    expect([sent.map(({ items }) => items), queue.dropped()]).toEqual([[[1, 2]], 1]);
  });
});

describe("a batch that may be taken later", () => {
  test("is sent again after longer and longer pauses, and dropped after the fifth time", async () => {
    const { clock, queue, sent } = open(async () => LATER);
    queue.add([1, 2, 3]);
    await clock.advance(60_000);
    expect(sent.map(({ at }) => at)).toEqual([0, 750, 2250, 5250, 11_250]);
    expect([queue.dropped(), clock.timersWaiting()]).toEqual([3, 0]);
  });

  test("is sent when the collector says, but not if that is too late", async () => {
    const waits = [20_000, 31_000];
    const { clock, queue, sent } = open(async () => ({ ...LATER, retryAfterMs: waits.shift() }));
    queue.add([1, 2, 3]);
    await clock.advance(120_000);
    expect([sent.map(({ at }) => at), queue.dropped()]).toEqual([[0, 20_000], 3]);
  });

  test("is sent at once, and once, when there is little time", async () => {
    const { clock, queue, sent } = open(async () => ({ ...LATER, retryAfterMs: 20_000 }));
    queue.add([1, 2, 3, 4]);
    await settle();
    await queue.close(1000);
    expect([sent.map(({ items }) => items), queue.dropped()]).toEqual([[[1, 2, 3], [1, 2, 3], [4]], 4]);
    expect(clock.timersWaiting()).toBe(0);
  });
});

describe("a collector that does not answer", () => {
  test("is given up after the time of one request", async () => {
    const signals: AbortSignal[] = [];
    const { clock, queue } = open(
      (_, signal) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => {}) : Promise.resolve(TAKEN);
      },
      {},
      500,
    );
    queue.add([1, 2, 3]);
    await clock.advance(499);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(751);
    expect([signals.map(({ aborted }) => aborted), queue.dropped()]).toEqual([[true, false], 0]);
  });

  test("does not hold up the end for longer than is left", async () => {
    const { clock, queue } = open(() => new Promise(() => {}));
    queue.add([1, 2, 3, 4]);
    let isClosed = false;
    const closing = queue.close(1000).then(() => (isClosed = true));
    await clock.advance(999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closing;
    expect([queue.dropped(), clock.timersWaiting()]).toEqual([4, 0]);
  });
});
