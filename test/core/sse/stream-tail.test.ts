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
