import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/*
 * The spool is a folder. Each process that writes to it has a slot of its own, with a file that it keeps locked for as long
 * as it lives, and numbered segments, which hold rows until they are in the database. A slot whose file nobody locks is what
 * a process has left behind that is gone: another one reads it and removes its segments. Locks are those of SQLite, because
 * the runtime has no others: the system takes them from a process that is killed.
 */

/** For its owner alone. */
const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** More processes do not share a folder. */
const MAX_SLOTS = 1024;

/** One file with rows. */
export interface Segment {
  readonly path: string;
  /** Those with higher numbers were begun later. */
  readonly number: number;
  readonly form: SegmentForm;
}

/**
 * By how its name ends. Those of former versions are `rows`, which has lines, and `blocks`, whose blocks do not say which
 * segment they are of. A file of a `segment` may have been another one before.
 */
export type SegmentForm = "segment" | "blocks" | "rows";

export const segmentPath = (folder: string, slot: number, number: number, form: SegmentForm = "segment"): string =>
  join(folder, `${slot}-${number}.${form}`);

/**
 * A segment that is in the database, and is to be written again as another one: what the system has for a file is there then,
 * which takes a third of the time that it takes to give a new file the same. In it are blocks of lower numbers, if of any.
 */
export const sparePath = (folder: string, slot: number): string => join(folder, `${slot}.spare`);

export const removeSpare = (folder: string, slot: number): void => rmSync(sparePath(folder, slot), { force: true });

/** How far a slot is written: segments of lower numbers are complete, and so many bytes of this one are there. */
export interface SpoolPosition {
  readonly segment: number;
  readonly bytes: number;
}

export const openFolder = (folder: string): void => void mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });

/** A file gets its mode when it is made; what SQLite puts beside it gets that of the file. */
export const createPrivately = (path: string): void => closeSync(openSync(path, "a", FILE_MODE));

/** The segments of each slot that has any, the oldest first. */
export function findSegments(folder: string): ReadonlyMap<number, readonly Segment[]> {
  const slots = new Map<number, Segment[]>();
  for (const name of readdirSync(folder)) {
    const [, slot, number, form] = /^(\d+)-(\d+)\.(segment|blocks|rows)$/.exec(name) ?? [];
    if (slot === undefined) continue;
    const segments = slots.get(Number(slot)) ?? [];
    segments.push({ path: join(folder, name), number: Number(number), form: form as SegmentForm });
    slots.set(Number(slot), segments);
  }
  for (const segments of slots.values()) segments.sort((one, other) => one.number - other.number);
  return slots;
}

/** A slot that this process has for itself. */
export interface Slot extends Disposable {
  readonly number: number;
}

/** @returns undefined if another process has it, or another owner in this one */
export function lockSlot(folder: string, number: number): Slot | undefined {
  const path = join(folder, `${number}.lock`);
  createPrivately(path);
  const database = new Database(path, { readwrite: true });
  try {
    // On an empty file that writes nothing, so that it needs no room on the disk.
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) return undefined;
    throw error;
  }
  return { number, [Symbol.dispose]: () => database.close() };
}

/** The first slot that is free. */
export function lockFreeSlot(folder: string): Slot {
  for (let number = 0; number < MAX_SLOTS; number++) {
    const slot = lockSlot(folder, number);
    if (slot) return slot;
  }
  throw new Error(`${MAX_SLOTS} processes use ${folder}`);
}
