import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { createRandom } from "../../fixtures/random.ts";
import { Recorder } from "../../../src/core/request-recorder.ts";
import type { RequestRecord } from "../../../src/core/request-context.ts";
import { createBlockBuffer } from "../../../src/telemetry/history/block-buffer.ts";
import { createBlockReader } from "../../../src/telemetry/history/read-blocks.ts";
import { readLines } from "../../../src/telemetry/history/read-lines.ts";
import { COLUMNS, indexOf, type Row } from "../../../src/telemetry/history/row.ts";
import { createRowIds, isRowId, lowestId, newRowIdSeed } from "../../../src/telemetry/history/row-id.ts";
import { blocksOf, lineOf, TIME } from "./written-rows.ts";

const REGISTER = { now: () => 1000, measuresWaits: false, remove: () => {} };

/** The record of a request with these members. */
const recordOf = (members: Partial<RequestRecord> = {}): RequestRecord =>
  Object.assign(new Recorder(REGISTER, "request-1", "POST", "/v1/chat/completions"), {
    principal: { kind: "key", name: "key 1" } as const,
    provider: "openai",
    model: "gpt-4o",
    hasCalled: true,
    status: 200,
    bytesIn: 10,
    bytesOut: 20,
    responseHeaderAt: 1001.234_567,
    usage: { inputTokens: 1, outputTokens: 2 },
    outcome: "answered" as const,
    ...members,
  });

const rowsIn = (blocks: Buffer): readonly Row[] => createBlockReader()(blocks, true).rows;

const rowOf = (record: RequestRecord): Row => rowsIn(blocksOf([record]))[0] ?? [];

/** The columns of a row that are not null. */
const membersOf = (row: Row): object =>
  Object.fromEntries(COLUMNS.flatMap(([name], index) => (row[index] === null ? [] : [[name, row[index]]])));

describe("a row", () => {
  test("has what the record has", () => {
    expect(membersOf(rowOf(recordOf()))).toEqual({
      id: expect.stringMatching(/^01a3185c-5000-7000-8000-00[0-9a-f]{10}$/),
      time: TIME,
      request_id: "request-1",
      route: "/v1/chat/completions",
      format: "chat",
      identity: "key 1",
      provider: "openai",
      model: "gpt-4o",
      attempts: 1,
      status: 200,
      outcome: "answered",
      streaming: 0,
      input_tokens: 1,
      output_tokens: 2,
      total_ms: 5,
      response_header_ms: 1.23,
      bytes_in: 10,
      bytes_out: 20,
    });
  });

  test("has whole numbers of tokens, whatever a provider tells", () => {
    const usage = { inputTokens: 1.5, outputTokens: -3, cachedInputTokens: 0.4, reasoningTokens: 1e300 };
    expect(membersOf(rowOf(recordOf({ usage })))).toMatchObject({
      input_tokens: 2,
      output_tokens: 0,
      cached_input_tokens: 0,
      reasoning_tokens: 1e12,
    });
  });

  test("has what only some requests have", () => {
    const tried = [
      { provider: "a", model: "m", status: 503, why: "x" },
      { provider: "b", model: "m" },
    ];
    const usage = { inputTokens: 9, cachedInputTokens: 3, cacheCreationInputTokens: 4, reasoningTokens: 5 };
    const record = recordOf({
      usage,
      client: { address: "192.0.2.1", userAgent: "curl" },
      routing: { alias: "fast", tried, queuedMs: 12.345 },
      usageSource: "estimated" as const,
      cost: 12_345_678_901_234_567_890n,
    });
    expect(membersOf(rowOf(record))).toMatchObject({
      alias: "fast",
      attempts: 2,
      queue_ms: 12.35,
      client_address: "192.0.2.1",
      cached_input_tokens: 3,
      cache_creation_tokens: 4,
      reasoning_tokens: 5,
      usage_source: "estimated",
      cost: "12345678901234567890",
    });
    const cost = indexOf("cost");
    expect([rowOf(recordOf({ cost: null }))[cost], rowOf(recordOf({ cost: 0n }))[cost]]).toEqual([null, "0"]);
  });

  test("is one that every database takes, whatever a client calls a model", () => {
    const nameOf = (model: string) => rowOf(recordOf({ model }))[indexOf("model")];
    expect(nameOf("a\0b\ud800")).toBe("a\ufffdb\ufffd");
    for (const name of ["", '"', "\\", 'a "b" \\c\n', "\u0001\u001f\u007f", "é", "模型 \u2028"])
      expect(nameOf(name)).toBe(name);
    expect(nameOf("x".repeat(10_000))).toBe("x".repeat(256));
    expect(nameOf(`${"x".repeat(255)}\u{1f600}`)).toBe(`${"x".repeat(255)}\ufffd`);
  });
});

test("of long names nothing is held but what is written", () => {
  const buffer = createBlockBuffer(newRowIdSeed(), 1 << 24, 1);
  Bun.gc(true);
  const before = heapStats().extraMemorySize;
  for (let index = 0; index < 20; index++) {
    const alias = Buffer.alloc(1 << 20, 97 + index).toString();
    buffer.add(recordOf({ model: `${alias}m`, routing: { alias, tried: [], queuedMs: 0 } }), TIME, 1005, "chat");
  }
  Bun.gc(true);
  expect(heapStats().extraMemorySize - before).toBeLessThan(4 << 20);
  expect(rowsIn(Buffer.from(buffer.seal().subarray(0, buffer.size())))).toHaveLength(20);
});

test("ids are in the order of time, and then of their numbers", () => {
  const idOf = createRowIds({ high: 0xff, low: -1 });
  const ids = [
    ...[idOf(1, 0), idOf(2, 1), idOf(2, 0xff), idOf(2, 0x100), idOf(2, 0xfffff), idOf(2, 0x100000), idOf(2, -1)],
    ...[idOf(3, 5), idOf(1_800_000_000_000, 6)],
  ];
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every(isRowId)).toBe(true);
  expect(ids[6]).toBe("00000000-0002-7fff-8fff-ffffffffffff");
  expect(isRowId("x")).toBe(false);
  expect(ids[7]! >= lowestId(3) && ids[6]! < lowestId(3)).toBe(true);
});

/** Requests that have some values in common, others not. */
const some = Array.from({ length: 50 }, (_, index) =>
  recordOf({
    id: `r${"x".repeat(index % 11)}${index}`,
    model: `modèle ${index % 3} 模型 "\\\n`,
    client: { address: `192.0.2.${index % 23}`, userAgent: undefined },
    cost: index % 4 === 0 ? BigInt(index) ** 9n : undefined,
  }),
);

/** The bytes with one bit changed, another one each time. */
function* damagedCopies(bytes: Buffer): Iterable<Buffer> {
  const random = createRandom(Date.now());
  for (let run = 0; run < propertyRuns(300).numRuns; run++) {
    const damaged = Buffer.from(bytes);
    const at = random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
    yield damaged;
  }
}

/** What tells which rows are none of these. */
function strangersTo(rows: readonly Row[]): (found: readonly Row[]) => readonly Row[] {
  const known = new Set(rows.map((row) => JSON.stringify(row)));
  return (found) => found.filter((row) => !known.has(JSON.stringify(row)));
}

const column = (rows: readonly Row[], name: (typeof COLUMNS)[number][0]) => rows.map((row) => row[indexOf(name)]);

describe("blocks", () => {
  // Of 1, 2, 3 and so on rows.
  const blocks = Array.from({ length: 9 }, (_, index) =>
    blocksOf(some.slice((index * (index + 1)) / 2, ((index + 1) * (index + 2)) / 2)),
  );
  const bytes = Buffer.concat(blocks);
  const read = (part: Buffer, isEnd = true) => createBlockReader()(Buffer.concat([part]), isEnd);
  const { rows } = read(bytes);

  test("are read as they were written", () => {
    expect(read(bytes)).toMatchObject({ damaged: 0, bytes: bytes.length });
    expect(column(rows, "request_id")).toEqual(some.slice(0, 45).map(({ id }) => id));
    expect(column(rows, "model")).toEqual(some.slice(0, 45).map(({ model }) => model ?? null));
    expect(column(rows, "client_address")).toEqual(some.slice(0, 45).map(({ client }) => client?.address ?? null));
    expect(column(rows, "cost")).toEqual(some.slice(0, 45).map(({ cost }) => cost?.toString() ?? null));
    expect(new Set(column(rows, "id")).size).toBe(45);
  });

  test("have the same ids whenever they are read, and ids of their own", () => {
    expect(read(bytes).rows).toEqual(rows);
    const many = rowsIn(blocksOf(Array.from({ length: 3000 }, () => recordOf())));
    expect(new Set(column(many, "id")).size).toBe(3000);
    expect(column(many, "id").toSorted()).toEqual(column(many, "id"));
  });

  test("that are not whole yet are left for later, and are damaged if nothing follows", () => {
    const last = blocks.at(-1)!.length;
    for (const cut of [1, 8, 40, last - 33, last - 32, last - 8, last - 3]) {
      const part = bytes.subarray(0, bytes.length - cut);
      const whole = bytes.length - last;
      expect(read(part, false)).toEqual({ rows: rows.slice(0, 36), damaged: 0, bytes: whole });
      expect(read(part)).toEqual({ rows: rows.slice(0, 36), damaged: 1, bytes: part.length });
    }
    expect(read(bytes.subarray(0, 0))).toEqual({ rows: [], damaged: 0, bytes: 0 });
  });

  test("that are damaged cost no other", () => {
    const strangers = strangersTo(rows);
    for (const damaged of damagedCopies(bytes)) {
      const found = read(damaged);
      expect(strangers(found.rows)).toEqual([]);
      expect(found.rows.length).toBeGreaterThanOrEqual(rows.length - 9);
      expect(found).toMatchObject({ damaged: 1, bytes: bytes.length });
    }
  });

  test.each([1, 3, 4, 8, 33])("are found behind %d bytes that should not be there", (length) => {
    const segment = Buffer.concat([blocks[0]!, Buffer.alloc(length, 7), bytes]);
    const reader = createBlockReader();
    const first = reader(segment, true);
    const second = reader(Buffer.concat([segment.subarray(first.bytes)]), true);
    expect([...first.rows, ...second.rows]).toEqual([...rows.slice(0, 1), ...rows]);
    expect(first.damaged + second.damaged).toBe(1);
  });

  test.each([8, 31, 32, 33, 70_000])("are none in %d bytes of anything", (length) => {
    for (const fill of [0, 0x51, 0xff]) {
      expect(read(Buffer.alloc(length, fill))).toEqual({ rows: [], damaged: 1, bytes: length });
    }
  });
});

describe("lines of a former version", () => {
  const rows = rowsIn(blocksOf(some.slice(0, 5)));
  const bytes = Buffer.concat(rows.map(lineOf));

  test("are read as they were written", () => {
    expect(readLines(bytes, true)).toEqual({ rows, damaged: 0, bytes: bytes.length });
  });

  test("that are not whole yet are left for later, and are damaged if nothing follows", () => {
    const part = bytes.subarray(0, bytes.length - 3);
    const first = readLines(part, false);
    expect(first).toMatchObject({ rows: rows.slice(0, 4), damaged: 0 });
    expect(readLines(bytes.subarray(first.bytes), false)).toMatchObject({ rows: rows.slice(4), damaged: 0 });
    expect(readLines(part, true)).toEqual({ rows: rows.slice(0, 4), damaged: 1, bytes: part.length });
  });

  test("from before columns were added are filled up", () => {
    const old = rows[1]!.slice(0, 26);
    expect(readLines(lineOf(old), true).rows).toEqual([[...old, null, null]]);
  });

  test("that are damaged cost no other", () => {
    const strangers = strangersTo(rows);
    for (const damaged of damagedCopies(bytes)) {
      const read = readLines(damaged, true);
      expect(strangers(read.rows)).toEqual([]);
      // An end of a line that is damaged makes two records one, and a new one makes two of one.
      expect(read.rows.length).toBeGreaterThanOrEqual(rows.length - 2);
    }
  });

  const checksum = (text: string): string => Bun.hash.crc32(text).toString(16).padStart(8, "0");

  test.each(["", "\n", "x\n", "00000123 [1]\n", `${checksum("{}")} {}\n`, `${checksum("[[]]")} [[]]\n`])(
    "are none in %j",
    (text) => {
      expect(readLines(Buffer.from(text), true).rows).toEqual([]);
    },
  );

  test("longer than any are not waited for", () => {
    expect(readLines(Buffer.alloc(70_000, "x"), false)).toEqual({ rows: [], damaged: 1, bytes: 70_000 });
  });
});
