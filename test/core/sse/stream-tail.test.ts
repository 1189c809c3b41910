import { expect, test } from "bun:test";
import fc from "fast-check";
import { createStreamTail } from "../../../src/core/sse/stream-tail.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

test("remembers nothing of nothing", () => {
  expect(createStreamTail(4).bytes()).toEqual(new Uint8Array(0));
});

test("keeps its own copy: a chunk that changes afterwards changes nothing", () => {
  const tail = createStreamTail(4);
  const chunk = new Uint8Array([1, 2, 3]);
  tail.push(chunk);
  chunk.fill(9);
  expect([...tail.bytes()]).toEqual([1, 2, 3]);
});

test("whatever the chunks: the last bytes of the stream, at least as many as asked for and at most twice as many", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.uint8Array({ maxLength: 24 })), (size, chunks) => {
      const tail = createStreamTail(size);
      const all: number[] = [];
      for (const chunk of chunks) {
        tail.push(chunk);
        all.push(...chunk);
        const kept = [...tail.bytes()];
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(size, all.length));
        expect(kept.length).toBeLessThanOrEqual(size * 2);
        expect(kept).toEqual(all.slice(all.length - kept.length));
      }
    }),
    propertyRuns(200),
  );
});

test("what was appended is what nobody has looked at, and what was before it is told apart", () => {
  const size = 64;
  // All that waits is shorter than half the tail.
  const steps = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 15 }), looks: fc.boolean() }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const tail = createStreamTail(size);
      let before: number[] = [];
      let unseen: number[] = [];
      for (const { bytes, looks } of all) {
        if (looks || unseen.length + bytes.length > size / 2) {
          tail.seen();
          before = [...before, ...unseen];
          unseen = [];
        }
        tail.append(bytes);
        unseen.push(...bytes);
        expect([...tail.unseen()]).toEqual(unseen);
        expect([...tail.last(size / 2)]).toEqual(before.slice(-size / 2));
        expect(tail.total()).toBe(before.length + unseen.length);
      }
    }),
    propertyRuns(200),
  );
});
