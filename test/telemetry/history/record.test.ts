import { describe, expect, test } from "bun:test";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { createRandom } from "../../fixtures/random.ts";
import { Recorder } from "../../../src/core/request-recorder.ts";
import { putRecord, readRecords, roomForRecord } from "../../../src/telemetry/history/record.ts";
import { COLUMNS, indexOf, type Row, rowOf } from "../../../src/telemetry/history/row.ts";
import { isRowId, lowestId, newRowId } from "../../../src/telemetry/history/row-id.ts";

/** What {@link rowOf} takes. */
type Recorded = Parameters<typeof rowOf>[0];

const REGISTER = { now: () => 1000, measuresWaits: false, remove: () => {} };

/** The record of a request with these members. */
const recordOf = (members: Partial<Recorded> = {}): Recorded =>
  Object.assign(new Recorder(REGISTER, "request-1", "POST", "/v1/chat/completions"), {
    principal: { kind: "key", name: "key 1" } as const,
    provider: "openai",
    model: "gpt-4o",
    status: 200,
    bytesIn: 10,
    bytesOut: 20,
    responseHeaderAt: 1001.234_567,
    usage: { inputTokens: 1, outputTokens: 2 },
    outcome: "answered" as const,
    ...members,
  });

const AT = { id: newRowId(1_800_000_000_000), time: 1_800_000_000_000, finishedAt: 1005, format: "chat" };

function writeRecord(row: Row): Buffer {
  const json = JSON.stringify(row);
  const buffer = Buffer.alloc(roomForRecord(json));
  return buffer.subarray(0, putRecord(buffer, 0, json));
}

/** The columns of a row that are not null. */
const membersOf = (row: Row): object =>
  Object.fromEntries(COLUMNS.flatMap(([name], index) => (row[index] === null ? [] : [[name, row[index]]])));

describe("a row", () => {
  test("has what the record has", () => {
    expect(membersOf(rowOf(recordOf(), AT))).toEqual({
      id: AT.id,
      time: AT.time,
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
    expect(membersOf(rowOf(recordOf({ usage }), AT))).toMatchObject({
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
    expect(membersOf(rowOf(record, AT))).toMatchObject({
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
    expect([rowOf(recordOf({ cost: null }), AT)[cost], rowOf(recordOf({ cost: 0n }), AT)[cost]]).toEqual([null, "0"]);
  });

  test("is one that every database takes, whatever a client calls a model", () => {
    const nameOf = (model: string) => rowOf(recordOf({ model }), AT)[indexOf("model")];
    expect(nameOf("a\0b\ud800")).toBe("a\ufffdb\ufffd");
    for (const name of ["", '"', "\\", 'a "b" \\c\n', "\u0001\u001f\u007f", "é", "模型 \u2028"])
      expect(nameOf(name)).toBe(name);
    expect(nameOf("x".repeat(10_000))).toBe("x".repeat(256));
    expect(nameOf(`${"x".repeat(255)}\u{1f600}`)).toBe(`${"x".repeat(255)}\ufffd`);
  });
});

test("ids are in the order of time", () => {
  const ids = [1, 2, 2, 3, 1_800_000_000_000].map(newRowId);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every(isRowId)).toBe(true);
  expect(isRowId("x")).toBe(false);
  expect(ids[3]! >= lowestId(3) && ids[2]! < lowestId(3)).toBe(true);
});

const checksum = (text: string): string => Bun.hash.crc32(text).toString(16).padStart(8, "0");

describe("records", () => {
  const rows = Array.from({ length: 5 }, (_, index) =>
    rowOf(recordOf({ id: `r${index}`, model: `modèle ${index} 模型 "\\\n` }), AT),
  );
  const bytes = Buffer.concat(rows.map(writeRecord));

  test("are read as they were written", () => {
    expect(readRecords(bytes)).toEqual({ rows, damaged: 0, bytes: bytes.length });
  });

  test("that are not whole yet are left for later", () => {
    const cut = bytes.length - 3;
    const first = readRecords(bytes.subarray(0, cut));
    expect(first).toMatchObject({ rows: rows.slice(0, 4), damaged: 0 });
    expect(readRecords(bytes.subarray(first.bytes))).toMatchObject({ rows: rows.slice(4), damaged: 0 });
  });

  test("from before columns were added are filled up", () => {
    const old = rows[0]!.slice(0, 26);
    expect(readRecords(writeRecord(old)).rows).toEqual([[...old, null, null]]);
  });

  test("that are damaged cost no other", () => {
    const random = createRandom(Date.now());
    for (let run = 0; run < propertyRuns(300).numRuns; run++) {
      const damaged = Buffer.from(bytes);
      const at = random.below(damaged.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
      const read = readRecords(damaged);
      const known = new Set(rows.map((row) => JSON.stringify(row)));
      expect(read.rows.filter((row) => !known.has(JSON.stringify(row)))).toEqual([]);
      // An end of a line that is damaged makes two records one, and a new one makes two of one.
      expect(read.rows.length).toBeGreaterThanOrEqual(rows.length - 2);
    }
  });

  test.each(["", "\n", "x\n", "00000123 [1]\n", `${checksum("{}")} {}\n`, `${checksum("[[]]")} [[]]\n`])(
    "are none in %j",
    (text) => {
      expect(readRecords(Buffer.from(text)).rows).toEqual([]);
    },
  );

  test("longer than any are not waited for", () => {
    expect(readRecords(Buffer.alloc(70_000, "x"))).toEqual({ rows: [], damaged: 1, bytes: 70_000 });
  });
});
