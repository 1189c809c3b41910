import type { RequestRecord } from "../../core/request-context.ts";
import { aligned, checksumOf, HEADER, HEADER_BYTES, MARK, MAX_BLOCK_BYTES, ROW_BYTES, SHARED } from "./block-format.ts";
import { createRowIds, type RowIdSeed } from "./row-id.ts";
import { createSharedValues, type SharedValues } from "./shared-values.ts";

/** Blocks of rows that are not in a file yet, in one piece of memory. */
export interface BlockBuffer {
  /**
   * Adds the row of a request that is over.
   * @param time when it was over, in milliseconds since the epoch
   * @param finishedAt the same, of the monotonic clock
   * @param format the API format of its route
   * @returns false if there is no room for it
   */
  add(record: RequestRecord, time: number, finishedAt: number, format: string): boolean;
  /** The id of the row that was added last, at that time. */
  lastId(time: number): string;
  /** How many bytes are in it. */
  size(): number;
  /** Completes the last block. @returns what has all of them, up to `size` */
  seal(): Uint8Array;
  clear(): void;
}

/** More is kept only while the disk takes none. */
const CAPACITY = MAX_BLOCK_BYTES;

/** @param maxBytes so much is kept at most */
export function createBlockBuffer(seed: RowIdSeed, maxBytes: number): BlockBuffer {
  const sharedBy = createSharedValues();
  const idOf = createRowIds(seed);
  let bytes = new Uint8Array(CAPACITY);
  let words = new Int32Array(bytes.buffer);
  let doubles = new Float64Array(bytes.buffer);
  let end = 0;
  /** Where the open block begins; -1 if none is open. */
  let start = -1;
  /** Which block that is, and what is in it. */
  let block = 0;
  let rows = 0;
  let shared = 0;
  /** Of all rows there ever were. */
  let count = 0;

  const replace = (size: number, kept: Uint8Array): void => {
    bytes = new Uint8Array(size);
    bytes.set(kept);
    words = new Int32Array(bytes.buffer);
    doubles = new Float64Array(bytes.buffer);
  };
  const seal = (): void => {
    if (start < 0) return;
    const head = start >>> 2;
    words[head + HEADER.mark] = MARK;
    words[head + HEADER.length] = end - start;
    words[head + HEADER.rows] = rows;
    words[head + HEADER.seed] = seed.high;
    words[head + HEADER.seed + 1] = seed.low;
    words[head + HEADER.first] = count - rows;
    words[head + HEADER.first + 1] = 0;
    words[head + HEADER.checksum] = checksumOf(words, head, end >>> 2);
    start = -1;
  };
  /** Makes room for so many bytes in one block. @returns false if there is none */
  const reserve = (needed: number): boolean => {
    if (start >= 0 && end - start + needed > MAX_BLOCK_BYTES) seal();
    const wanted = end + HEADER_BYTES + needed;
    if (wanted > bytes.length) {
      const size = Math.min(maxBytes, 2 * bytes.length);
      if (wanted > size) return false;
      replace(size, bytes);
    }
    if (start >= 0) return true;
    start = end;
    end += HEADER_BYTES;
    block += 1;
    rows = 0;
    shared = 0;
    return true;
  };
  const share = (values: SharedValues): void => {
    words[end >>> 2] = SHARED;
    words[(end >>> 2) + 1] = values.length;
    bytes.set(values.json, end + 8);
    end += 8 + values.json.length;
    values.block = block;
    values.index = shared++;
  };
  const putText = (text: string, at: number): void => {
    for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  };

  return {
    add(record, time, finishedAt, format) {
      const values = sharedBy(record, format);
      const { id, startedAt, usage } = record;
      const cost = record.cost === undefined || record.cost === null ? "" : record.cost.toString();
      const texts = id.length + cost.length;
      if (!reserve(8 + values.json.length + ROW_BYTES + aligned(texts))) return false;
      if (values.block !== block) share(values);
      words[end >>> 2] = values.index;
      words[(end >>> 2) + 1] = id.length | (cost.length << 16);
      const at = end >>> 3;
      doubles[at + 1] = time;
      // In the order of NUMBER_COLUMNS.
      doubles[at + 2] = usage?.inputTokens ?? NaN;
      doubles[at + 3] = usage?.outputTokens ?? NaN;
      doubles[at + 4] = usage?.cachedInputTokens ?? NaN;
      doubles[at + 5] = usage?.cacheCreationInputTokens ?? NaN;
      doubles[at + 6] = usage?.reasoningTokens ?? NaN;
      doubles[at + 7] = finishedAt - startedAt;
      doubles[at + 8] = (record.responseHeaderAt ?? NaN) - startedAt;
      doubles[at + 9] = (record.firstByteAt ?? NaN) - startedAt;
      doubles[at + 10] = record.routing?.queuedMs ?? NaN;
      doubles[at + 11] = record.bytesIn;
      doubles[at + 12] = record.bytesOut;
      putText(id, end + ROW_BYTES);
      if (cost !== "") putText(cost, end + ROW_BYTES + id.length);
      end += ROW_BYTES + aligned(texts);
      rows += 1;
      // A number of 32 bits, as in the header.
      count = (count + 1) | 0;
      return true;
    },
    lastId: (time) => idOf(time, count - 1),
    size: () => end,
    seal() {
      seal();
      return bytes;
    },
    clear() {
      end = 0;
      if (bytes.length > CAPACITY) replace(CAPACITY, bytes.subarray(0, 0));
    },
  };
}
