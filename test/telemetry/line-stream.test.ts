import { expect, test } from "bun:test";
import { openLineStream } from "../../src/telemetry/line-stream.ts";
import { within } from "../fixtures/within.ts";

/** A stream whose writes are kept; `bytes` resolves when so many have been written. */
function setUp() {
  const writes: Buffer[] = [];
  let awaited = Number.POSITIVE_INFINITY;
  const { promise, resolve } = Promise.withResolvers<void>();
  const written = (): number => writes.reduce((sum, { length }) => sum + length, 0);
  const stream = openLineStream((lines) => {
    writes.push(lines);
    if (written() >= awaited) resolve();
  });
  return {
    writes,
    line(text: string) {
      stream.buffer.text(`${text}\n`);
      stream.end();
    },
    async bytes(count: number) {
      awaited = count;
      if (written() < count) await within(promise, 5000, "all lines");
    },
  };
}

test("many lines leave in few writes, each of whole lines and none longer than a pipe takes at once", async () => {
  const { writes, line, bytes } = setUp();
  const lines = Array.from({ length: 200 }, (_, index) => `${index} ${"x".repeat(index % 400)}`);
  lines.forEach(line);
  const expected = lines.map((text) => `${text}\n`).join("");
  await bytes(expected.length);
  expect(Buffer.concat(writes).toString()).toBe(expected);
  expect(writes.length).toBeLessThan(20);
  for (const write of writes) {
    expect(write.length).toBeLessThanOrEqual(4096);
    expect(write.at(-1)).toBe(0x0a);
  }
});

test("a line that is longer than that is a write of its own", async () => {
  const { writes, line, bytes } = setUp();
  for (const text of ["before", "y".repeat(5000), "behind"]) line(text);
  await bytes(7 + 5001 + 7);
  expect(writes.map(({ length }) => length)).toEqual([7, 5001, 7]);
});
