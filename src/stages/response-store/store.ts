/** A response that is to be kept. */
export interface StoreEntry {
  readonly id: string;
  /** Whose it is, see `ownerOf`. */
  readonly owner: string;
  /** What is kept. */
  readonly text: string;
  /** Ids of the items in it, by which requests may refer to them. */
  readonly items: readonly string[];
  /** Ids of the responses that it goes on from. They count as used along with it, so that none is lost before it. */
  readonly chain: readonly string[];
}

/**
 * Where responses are kept, each until it was not used for some time. What is asked for with another owner than its own is
 * not there. Every call is over within the time that the store was given; all reject with {@link StoreUnavailable}.
 */
export interface ResponseStore {
  /** Keeps a response, and drops as many of those that were unused for longest as there is no room for. */
  put(entry: StoreEntry): Promise<void>;
  /** The texts of responses, in the order of their ids; undefined for what is not there. */
  read(owner: string, ids: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** The ids of the responses that hold items, the latest if several do, in the order of the items' ids. */
  find(owner: string, items: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** @returns whether it was there */
  remove(owner: string, id: string): Promise<boolean>;
  close(): void | Promise<void>;
}

/** How much is kept, and for how long. */
export interface StoreLimits {
  /** How long a response is kept that is not used, in milliseconds. */
  readonly ttlMs: number;
  /** Of all responses together. */
  readonly maxBytes: number;
  /** Of those of one owner. */
  readonly maxOwnerBytes: number;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** The store cannot be asked now. The message says why, for the log. */
export class StoreUnavailable extends Error {}

/** A response is longer than all that may be kept, or has too many items. */
export class EntryTooLong extends Error {}

/**
 * Of one response, and of the references of one request: each is a row that is written or looked for, while all others
 * wait. So many take 25 ms, fifteen times as many took 2.4 s.
 */
export const MAX_ITEMS = 10_000;

/** What an entry takes beside its text: its ids, in tables and indexes. */
const ENTRY_BYTES = 256;
const ITEM_BYTES = 128;

/**
 * How many bytes an entry counts as.
 * @throws EntryTooLong
 */
export function sizeOf({ text, items }: StoreEntry, { maxBytes, maxOwnerBytes }: StoreLimits): number {
  const bytes = Buffer.byteLength(text) + ENTRY_BYTES + items.length * ITEM_BYTES;
  if (bytes > Math.min(maxBytes, maxOwnerBytes) || items.length > MAX_ITEMS) throw new EntryTooLong();
  return bytes;
}
