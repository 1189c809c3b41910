import type { Member } from "./find.ts";
import { skipSpace } from "./bytes.ts";

/** What a scan found of one name among the members of the outermost object. */
export interface WatchedMember {
  readonly name: string;
  /** How many members some server may read as this name: written in Go, it minds no letter case, and folds `ſ` to `s`. */
  count: number;
  /** The key of the first of them, unescaped. */
  readonly spelling: string;
  /** The first that is spelt exactly so. */
  member: Member | undefined;
}

interface WatchedName {
  readonly name: string;
  readonly upper: string;
  readonly bytes: Buffer;
  readonly lowerBytes: Buffer;
}

/** Names to look out for, all in one pass. Made once for each list of names. */
export interface WatchedNames {
  readonly entries: readonly WatchedName[];
  /** The indices of the names by their length: most keys need not be compared with any. */
  readonly byLength: readonly (readonly number[] | undefined)[];
  /** A longer key cannot spell any of the names. */
  readonly maxKeyBytes: number;
}

/** Members of the outermost object, looked out for during a scan. */
export interface MemberWatch {
  readonly body: Buffer;
  readonly names: WatchedNames;
  /** What was found so far; a name without members is not in it. */
  readonly found: WatchedMember[];
  /** Where the key of the member under way begins; negative before there is one. */
  keyStart: number;
  keyEnd: number;
  /** The index of the name that it may be read as; negative if none. */
  current: number;
}

const BACKSLASH = 0x5c;
const CASE_BIT = 0x20;
const LOWER_A = 0x61;

/** The most bytes that one character takes in a key: `\u0065`. */
const MAX_ESCAPE_BYTES = 6;

/** @param names of ASCII letters and `_` */
export function watchedNames(names: readonly string[]): WatchedNames {
  const byLength: number[][] = [];
  for (const [index, { length }] of names.entries()) (byLength[length] ??= []).push(index);
  return {
    entries: names.map((name) => ({
      name,
      upper: name.toUpperCase(),
      bytes: Buffer.from(name),
      lowerBytes: Buffer.from(name.toLowerCase()),
    })),
    byLength,
    maxKeyBytes: Math.max(...names.map((name) => name.length)) * MAX_ESCAPE_BYTES,
  };
}

/** A watch that has seen nothing of the body yet. */
export function openWatch(body: Buffer, names: WatchedNames): MemberWatch {
  return { body, names, found: [], keyStart: -1, keyEnd: -1, current: -1 };
}

/** What was found of a name; undefined if no member can be read as it. */
export function foundMember({ found }: MemberWatch, name: string): WatchedMember | undefined {
  // Not `find`, whose callback costs two objects for each of the names that a request is asked for.
  for (let index = 0; index < found.length; index++) {
    const member = found[index] as WatchedMember;
    if (member.name === name) return member;
  }
  return undefined;
}

/** Takes note of a string directly in the outermost object, its quotes included: a key or a value. */
export function noteString(watch: MemberWatch, start: number, end: number): void {
  if (watch.keyStart >= 0) return;
  watch.keyStart = start;
  watch.keyEnd = end;
  watch.current = indexOfKey(watch, start + 1, end - 1);
}

/** Takes note of the comma or brace behind a member. */
export function noteMemberEnd(watch: MemberWatch, position: number): void {
  if (watch.current >= 0) addMember(watch, position);
  watch.keyStart = -1;
  watch.current = -1;
}

function addMember(watch: MemberWatch, position: number): void {
  const { body, names, found, keyStart, keyEnd, current } = watch;
  const { name, bytes } = names.entries[current] as WatchedName;
  const isExact = isSameWord(body, keyStart + 1, keyEnd - 1, bytes, 0);
  const spelling = isExact ? name : keyText(body, keyStart + 1, keyEnd - 1);
  const known = foundMember(watch, name);
  const member =
    spelling === name && !known?.member
      ? { keyStart, valueStart: skipSpace(body, skipSpace(body, keyEnd) + 1), valueEnd: endOfValue(body, position) }
      : undefined;
  if (known) {
    known.count++;
    known.member ??= member;
  } else {
    found.push({ name, count: 1, spelling, member });
  }
}

/** The index of the name that the key between two positions may be read as; negative if none. */
function indexOfKey({ body, names }: MemberWatch, start: number, end: number): number {
  if (end - start > names.maxKeyBytes) return -1;
  for (let position = start; position < end; position++) {
    const byte = body[position] as number;
    if (byte === BACKSLASH || byte >= 0x80) return indexOfText(names, keyText(body, start, end));
  }
  const candidates = names.byLength[end - start];
  if (!candidates) return -1;
  for (const index of candidates) {
    if (isSameWord(body, start, end, (names.entries[index] as WatchedName).lowerBytes, CASE_BIT)) return index;
  }
  return -1;
}

function indexOfText({ entries }: WatchedNames, key: string): number {
  const upper = key.toUpperCase();
  return entries.findIndex((entry) => key.length === entry.name.length && upper === entry.upper);
}

/** Whether the bytes between two positions are a word; letters may differ in the bits of `ignored`. */
export function isSameWord(body: Buffer, start: number, end: number, word: Buffer, ignored: number): boolean {
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    const wanted = word[index] as number;
    const difference = (body[start + index] as number) ^ wanted;
    if (difference !== 0 && (difference !== ignored || wanted < LOWER_A)) return false;
  }
  return true;
}

/** The text of a key, which is short; of one that is no JSON string, anything. */
function keyText(body: Buffer, start: number, end: number): string {
  const raw = body.toString("utf8", start, end);
  if (!raw.includes("\\")) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}

function endOfValue(body: Buffer, before: number): number {
  let end = before;
  while ((body[end - 1] as number) <= 0x20) end--;
  return end;
}
