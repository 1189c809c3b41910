import type { RequestRecord } from "../../../src/core/request-context.ts";
import { createBlockBuffer } from "../../../src/telemetry/history/block-buffer.ts";
import type { Row } from "../../../src/telemetry/history/row.ts";
import { newRowIdSeed } from "../../../src/telemetry/history/row-id.ts";

/** When the requests of {@link blocksOf} were over, in milliseconds since the epoch. */
export const TIME = 1_800_000_000_000;

/** The same, of their monotonic clock. */
const FINISHED_AT = 1005;

/** The rows of requests, as one write adds them to a segment of that number. */
export function blocksOf(records: readonly RequestRecord[], time = TIME, segment = 1): Buffer {
  const buffer = createBlockBuffer(newRowIdSeed(), 1 << 24, segment);
  for (const record of records) {
    if (!buffer.add(record, time, FINISHED_AT, "chat")) throw new Error("there is no room");
  }
  return Buffer.from(buffer.seal().subarray(0, buffer.size()));
}

/** A row as former versions wrote it. */
export function lineOf(row: Row): Buffer {
  const json = JSON.stringify(row);
  return Buffer.from(`${Bun.hash.crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
}

/** An id of a row of that time. */
export const newRowId = (time: number): string => Bun.randomUUIDv7("hex", time);
