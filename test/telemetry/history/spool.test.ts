import { beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { createRandom } from "../../fixtures/random.ts";
import type { RequestRecord } from "../../../src/core/request-context.ts";
import { createBlockReader } from "../../../src/telemetry/history/read-blocks.ts";
import { indexOf, type Row } from "../../../src/telemetry/history/row.ts";
import { findSegments, removeSpare, segmentPath, sparePath } from "../../../src/telemetry/history/spool-files.ts";
import { createSpoolReader } from "../../../src/telemetry/history/spool-reader.ts";
import { createSpoolWriter } from "../../../src/telemetry/history/spool-writer.ts";
import { blocksOf, TIME } from "./written-rows.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

let folder = "";
beforeEach(() => void (folder = scratchFolder("spool")));

const SLOT = 0;

const recordOf = (index: number): RequestRecord =>
  ({
    id: `r${index}${"x".repeat(index % 13)}`,
    route: "/v1/chat/completions",
    model: `model-${index % 5}`,
    startedAt: 0,
    status: 200,
    streaming: false,
    bytesIn: 1,
    bytesOut: 2,
  }) as unknown as RequestRecord;

const REQUEST_ID = indexOf("request_id");
const numberOf = (row: Row | undefined): number => Number.parseInt(String(row?.[REQUEST_ID]).slice(1), 10);

const open = (firstSegment = 1) =>
  createSpoolWriter({
    ...{ folder, slot: SLOT, firstSegment, segmentBytes: 4096 },
    ...{ maxBytes: 1 << 30, maxUnwrittenBytes: 1 << 20 },
  });

/** Reads all there is. */
function readAll(reader: ReturnType<typeof createSpoolReader>) {
  const rows: Row[] = [];
  let [damaged, bytes] = [0, 0];
  for (let batch = reader.next(); batch; batch = reader.next()) {
    rows.push(...batch.rows);
    damaged += batch.damaged;
    bytes += batch.bytes;
    reader.take();
  }
  return { rows, numbers: rows.map(numberOf), damaged, bytes };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

const names = (): string[] => readdirSync(folder).sort();

describe("a segment that was another one before", () => {
  const before = blocksOf(range(0, 40).map(recordOf), TIME, 3);
  const first = blocksOf(range(100, 103).map(recordOf), TIME, 7);
  const second = blocksOf(range(103, 108).map(recordOf), TIME, 7);
  /** With bytes in place of those that were there. */
  const over = (bytes: Buffer): Buffer => Buffer.concat([bytes, before.subarray(bytes.length)]);
  const read = (bytes: Buffer) => {
    const { rows, damaged } = createBlockReader(7)(bytes, true);
    return { numbers: rows.map(numberOf), damaged };
  };

  test("has the rows that were written last, and no others", () => {
    expect(read(over(Buffer.concat([first, second])))).toEqual({ numbers: range(100, 108), damaged: 0 });
    expect(read(before)).toEqual({ numbers: [], damaged: 0 });
  });

  test("counts as damaged what was not written to its end", () => {
    for (let length = 0; length < second.length; length += 8) {
      const { numbers, damaged } = read(over(Buffer.concat([first, second.subarray(0, length)])));
      expect(numbers).toEqual(range(100, 103));
      // The mark, the length and the number are what can be known from a beginning.
      expect(damaged).toBe(length >= 32 ? 1 : 0);
    }
  });

  test("is read behind what is damaged", () => {
    for (const at of [0, 4, 28, 40]) {
      const bytes = over(Buffer.concat([first, second]));
      bytes[at] = bytes[at]! ^ 1;
      expect(read(bytes)).toEqual({ numbers: range(103, 108), damaged: 1 });
    }
  });
});

test("segments are used again, and each is as long as what is in it once it is complete", () => {
  const writer = open();
  let position: ReturnType<typeof writer.position> | undefined = writer.position();
  const reader = createSpoolReader(folder, SLOT, () => position);
  const numbers: number[] = [];
  const files = new Set<number>();
  let [index, bytes] = [0, 0];
  const write = (count: number): void => {
    for (const end = index + count; index < end; index++)
      expect(writer.add(recordOf(index), TIME, 5, "chat")).toBe(true);
    expect(writer.write()).toBeUndefined();
    position = writer.position();
  };
  const readThem = (): void => {
    const read = readAll(reader);
    expect(read.damaged).toBe(0);
    numbers.push(...read.numbers);
    bytes += read.bytes;
  };
  while (writer.position().segment < 20) {
    write(7);
    if (index % 3 === 0) readThem();
    for (const name of names()) files.add(statSync(join(folder, name)).ino);
  }
  expect(names().length).toBeLessThanOrEqual(3);
  expect(files.size).toBeLessThanOrEqual(4);
  writer.close();
  const left = findSegments(folder).get(SLOT) ?? [];
  const sizes = left.map(({ path }) => statSync(path).size);
  position = undefined;
  const before = bytes;
  readThem();
  expect(numbers).toEqual(range(0, index));
  expect(bytes - before).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size, 0));
  removeSpare(folder, SLOT);
  expect(names()).toEqual([]);
});

test("nothing is read behind what was told of the segment that is being written", () => {
  const writer = open();
  const position = writer.position();
  const reader = createSpoolReader(folder, SLOT, () => position);
  writer.add(recordOf(1), TIME, 5, "chat");
  writer.write();
  expect(reader.next()).toBeUndefined();
  writer.close();
});

test("a disk that takes no new file is no reason to write twice", () => {
  const writer = open();
  const fill = (from: number): string | undefined => {
    for (let index = from; index < from + 40; index++) writer.add(recordOf(index), TIME, 5, "chat");
    return writer.write();
  };
  // In the place of the file that would be made.
  const path = segmentPath(folder, SLOT, 2);
  mkdirSync(path);
  expect(fill(0)).toContain("EISDIR");
  expect(fill(40)).toContain("EISDIR");
  rmdirSync(path);
  expect(fill(80)).toBeUndefined();
  expect(fill(120)).toBeUndefined();
  writer.close();
  expect(readAll(createSpoolReader(folder, SLOT, () => undefined))).toMatchObject({
    numbers: range(0, 160),
    damaged: 0,
  });
});

test("no row is lost or read twice, however often processes are killed while segments are used again", () => {
  const random = createRandom(Date.now());
  for (let run = 0; run < propertyRuns(10).numRuns; run++) {
    // A segment is read again from its beginning by the next process; its rows have the same ids then.
    const found = new Map<unknown, Row>();
    const take = (rows: readonly Row[]) => rows.forEach((row) => found.set(row[0], row));
    let index = 0;
    let torn = 0;
    // A header that was not written to its end may go on with what was there before as if it were.
    let perhapsTorn = 0;
    let damaged = 0;
    for (let life = 0; life < 5; life++) {
      removeSpare(folder, SLOT);
      const writer = open((findSegments(folder).get(SLOT)?.at(-1)?.number ?? 0) + 1);
      let position = writer.position();
      const reader = createSpoolReader(folder, SLOT, () => position);
      for (let turn = random.below(120); turn > 0; turn--) {
        for (let count = random.below(12); count > 0; count--) writer.add(recordOf(index++), TIME, 5, "chat");
        writer.write();
        if (random.below(3) > 0) continue;
        position = writer.position();
        const read = readAll(reader);
        take(read.rows);
        damaged += read.damaged;
      }
      // Killed, perhaps while it was writing, so that only a part of a block is in its place.
      const { segment, bytes } = writer.position();
      const path = segmentPath(folder, SLOT, segment);
      const file = readFileSync(path);
      const part = blocksOf([recordOf(999_999)], TIME, segment);
      const length = 8 * random.below(part.length / 8);
      const cut = Buffer.concat([file.subarray(0, bytes), part.subarray(0, length), file.subarray(bytes + length)]);
      writeFileSync(path, cut);
      if (length >= 32) torn += 1;
      else if (length > 0) perhapsTorn += 1;
      if (random.below(4) === 0) truncateSync(path, Math.min(cut.length, bytes + length));
    }
    const last = readAll(createSpoolReader(folder, SLOT, () => undefined));
    take(last.rows);
    expect([...found.values()].map(numberOf).sort((one, other) => one - other)).toEqual(range(0, index));
    expect(damaged + last.damaged).toBeWithin(torn, torn + perhapsTorn + 1);
    rmSync(sparePath(folder, SLOT), { force: true });
    expect(names()).toEqual([]);
  }
});

test("a segment that somebody empties costs what was in it, and not the process", () => {
  const writer = open();
  let position = writer.position();
  const reader = createSpoolReader(folder, SLOT, () => position);
  let index = 0;
  const write = (): void => {
    writer.add(recordOf(index++), TIME, 5, "chat");
    expect(writer.write()).toBeUndefined();
    position = writer.position();
  };
  // Into a file that was another segment before.
  while (position.segment < 4) {
    write();
    readAll(reader);
  }
  write();
  truncateSync(segmentPath(folder, SLOT, position.segment), 0);
  const from = index;
  for (let count = 0; count < 5; count++) write();
  expect(readAll(reader).numbers).toEqual(range(from, index));
  writer.close();
});

test.skipIf(process.platform !== "linux")("a file that can be neither written nor cut off can be closed", () => {
  symlinkSync("/dev/full", segmentPath(folder, SLOT, 1));
  const writer = open();
  writer.add(recordOf(1), TIME, 5, "chat");
  expect(writer.write()).toContain("ENOSPC");
  writer.close();
});
