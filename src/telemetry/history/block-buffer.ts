import type { RequestRecord } from "../../core/request-context.ts";
import { aligned, checksumOf, HEADER, HEADER_BYTES, MARK, MAX_BLOCK_BYTES, ROW_BYTES, SHARED } from "./block-format.ts";
import { createRowIds, type RowIds, type RowIdSeed } from "./row-id.ts";
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
  /** How many rows are in blocks that end behind so many bytes. The last block must be complete. */
  rowsBehind(bytes: number): number;
  clear(): void;
  /** What is added from now on goes to another segment. The buffer must be empty. */
  beginSegment(number: number): void;
}

/** More is kept only while the disk takes none. */
const CAPACITY = MAX_BLOCK_BYTES;

/**
 * @param maxBytes so much is kept at most
 * @param segment the number of the segment that it is written to
 */
export const createBlockBuffer = (seed: RowIdSeed, maxBytes: number, segment: number): BlockBuffer =>
  new Blocks(seed, maxBytes, segment);

/** A class with plain fields: this is done for every request, and in one function of closures it would be a long one. */
class Blocks implements BlockBuffer {
  private readonly seed: RowIdSeed;
  private readonly maxBytes: number;
  private segment: number;
  private readonly sharedBy = createSharedValues();
  private readonly idOf: RowIds;
  private memory = new Uint8Array(CAPACITY);
  private words = new Int32Array(this.memory.buffer);
  private doubles = new Float64Array(this.memory.buffer);
  private end = 0;
  /** Where the open block begins; -1 if none is open. */
  private start = -1;
  /** Which block that is, and what is in it. */
  private block = 0;
  private rows = 0;
  private shared = 0;
  /** Of all rows there ever were, in 32 bits as in the header. */
  private count = 0;

  constructor(seed: RowIdSeed, maxBytes: number, segment: number) {
    this.seed = seed;
    this.maxBytes = maxBytes;
    this.segment = segment;
    this.idOf = createRowIds(seed);
  }

  add(record: RequestRecord, time: number, finishedAt: number, format: string): boolean {
    const values = this.sharedBy(record, format);
    const { id, startedAt, usage } = record;
    const cost = record.cost === undefined || record.cost === null ? "" : record.cost.toString();
    const texts = aligned(id.length + cost.length);
    if (!this.reserve(8 + values.json.length + ROW_BYTES + texts)) return false;
    if (values.block !== this.block) this.share(values);
    const { doubles, words, end } = this;
    words[end >>> 2] = values.index;
    words[(end >>> 2) + 1] = id.length | (cost.length << 16);
    const at = (end >>> 3) + 1;
    doubles[at] = time;
    // In the order of NUMBER_COLUMNS.
    doubles[at + 1] = usage?.inputTokens ?? NaN;
    doubles[at + 2] = usage?.outputTokens ?? NaN;
    doubles[at + 3] = usage?.cachedInputTokens ?? NaN;
    doubles[at + 4] = usage?.cacheCreationInputTokens ?? NaN;
    doubles[at + 5] = usage?.reasoningTokens ?? NaN;
    doubles[at + 6] = finishedAt - startedAt;
    doubles[at + 7] = (record.responseHeaderAt ?? NaN) - startedAt;
    doubles[at + 8] = (record.firstByteAt ?? NaN) - startedAt;
    doubles[at + 9] = record.routing?.queuedMs ?? NaN;
    doubles[at + 10] = record.bytesIn;
    doubles[at + 11] = record.bytesOut;
    this.putText(id, end + ROW_BYTES);
    if (cost !== "") this.putText(cost, end + ROW_BYTES + id.length);
    this.end = end + ROW_BYTES + texts;
    this.rows += 1;
    this.count = (this.count + 1) | 0;
    return true;
  }

  lastId(time: number): string {
    return this.idOf(time, this.count - 1);
  }

  size(): number {
    return this.end;
  }

  seal(): Uint8Array {
    const { start, end, words } = this;
    if (start < 0) return this.memory;
    const head = start >>> 2;
    words[head + HEADER.mark] = MARK;
    words[head + HEADER.length] = end - start;
    words[head + HEADER.rows] = this.rows;
    words[head + HEADER.seed] = this.seed.high;
    words[head + HEADER.seed + 1] = this.seed.low;
    words[head + HEADER.first] = this.count - this.rows;
    words[head + HEADER.segment] = this.segment;
    words[head + HEADER.checksum] = checksumOf(words, head, end >>> 2);
    this.start = -1;
    return this.memory;
  }

  rowsBehind(bytes: number): number {
    let rows = 0;
    for (let at = 0, length = 0; at < this.end; at += length) {
      const head = at >>> 2;
      length = this.words[head + HEADER.length] ?? 0;
      if (at + length > bytes) rows += this.words[head + HEADER.rows] ?? 0;
    }
    return rows;
  }

  clear(): void {
    this.end = 0;
    if (this.memory.length > CAPACITY) this.replace(new Uint8Array(CAPACITY));
  }

  beginSegment(number: number): void {
    this.segment = number;
  }

  /** Makes room for so many bytes in one block. @returns false if there is none */
  private reserve(needed: number): boolean {
    if (this.start >= 0 && this.end - this.start + needed > MAX_BLOCK_BYTES) this.seal();
    const wanted = this.end + HEADER_BYTES + needed;
    if (wanted > this.memory.length && !this.grow(wanted)) return false;
    if (this.start < 0) this.open();
    return true;
  }

  private grow(wanted: number): boolean {
    const { memory } = this;
    const size = Math.min(this.maxBytes, 2 * memory.length);
    if (wanted > size) return false;
    this.replace(new Uint8Array(size));
    this.memory.set(memory);
    return true;
  }

  private replace(memory: Uint8Array<ArrayBuffer>): void {
    this.memory = memory;
    this.words = new Int32Array(memory.buffer);
    this.doubles = new Float64Array(memory.buffer);
  }

  private open(): void {
    this.start = this.end;
    this.end += HEADER_BYTES;
    this.block += 1;
    this.rows = 0;
    this.shared = 0;
  }

  /** Adds values that the next rows have in common. */
  private share(values: SharedValues): void {
    const { words, end } = this;
    words[end >>> 2] = SHARED;
    words[(end >>> 2) + 1] = values.length;
    this.memory.set(values.json, end + 8);
    this.end = end + 8 + values.json.length;
    values.block = this.block;
    values.index = this.shared++;
  }

  private putText(text: string, at: number): void {
    const { memory } = this;
    for (let index = 0; index < text.length; index++) memory[at + index] = text.charCodeAt(index);
  }
}
