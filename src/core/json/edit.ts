import { freeBytes } from "../memory/free-bytes.ts";
import { asBuffer, toJson } from "./bytes.ts";
import { type Member, findMember, findValue } from "./find.ts";

/** A change to one top-level member, with values as JSON text; everything else keeps its bytes. */
export type Edit =
  | { readonly kind: "replace"; readonly member: Member; readonly json: Uint8Array }
  /** Adds JSON texts to the end of a member that is an array. */
  | { readonly kind: "append"; readonly member: Member; readonly items: readonly Uint8Array[] }
  | { readonly kind: "remove"; readonly member: Member }
  /** Takes out bytes within a value. */
  | { readonly kind: "cut"; readonly start: number; readonly end: number }
  | { readonly kind: "insert"; readonly name: string; readonly json: Uint8Array };

interface Splice {
  readonly start: number;
  readonly end: number;
  /** What is in their place, one after another. */
  readonly texts: readonly Uint8Array[];
}

const COMMA = 0x2c;
const COMMA_BYTES = Uint8Array.of(COMMA);
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Bytes with edits that are applied when they are written to where they go. A request that is relayed is copied once so, behind
 * its head, and not twice: of 128 KB, each copy takes 6 µs, and the memory for it as long.
 */
export class EditedBytes {
  readonly length: number;
  readonly #source: Buffer;
  /** In the order of the bytes. */
  readonly #splices: readonly Splice[];

  constructor(source: Uint8Array, splices: readonly Splice[]) {
    let { length } = source;
    for (const { start, end, texts } of splices) {
      length -= end - start;
      for (const text of texts) length += text.length;
    }
    this.length = length;
    this.#source = asBuffer(source);
    this.#splices = splices;
  }

  /** Writes all of them to `target`, from `at` on. */
  writeTo(target: Uint8Array, at: number): void {
    let read = 0;
    let write = at;
    for (const splice of this.#splices) {
      this.#source.copy(target, write, read, splice.start);
      write += splice.start - read;
      for (const text of splice.texts) {
        target.set(text, write);
        write += text.length;
      }
      read = splice.end;
    }
    this.#source.copy(target, write, read);
  }

  /** Frees what was edited, see {@link freeBytes}: nobody reads it any more. */
  free(): void {
    freeBytes(this.#source);
  }

  /** The edited bytes in one piece. */
  apply(): Buffer {
    // Every byte of it is written.
    const edited = Buffer.allocUnsafe(this.length);
    this.writeTo(edited, 0);
    return edited;
  }
}

/** Applies the edits of bytes that have some; anything else comes back as it is. */
export const applyEdits = <Other>(bytes: Other | EditedBytes): Other | Uint8Array =>
  bytes instanceof EditedBytes ? bytes.apply() : bytes;

/**
 * Applies `edits` to the bytes of a JSON object and returns a new array of exactly the right size.
 * Bytes outside the edited members are copied untouched. With no edits the very same array comes back.
 * @param edits at most one per member; insertions go in front of the first member, more than one only if there is one
 */
export const editObject = (body: Uint8Array, edits: readonly Edit[]): Uint8Array => applyEdits(withEdits(body, edits));

/** The same, to be copied later; with no edits the very same array. */
export function withEdits(body: Uint8Array, edits: readonly Edit[]): Uint8Array | EditedBytes {
  const [first] = edits;
  if (!first) return body;
  const splices =
    edits.length === 1
      ? [toSplice(body, first)]
      : edits.map((edit) => toSplice(body, edit)).sort((a, b) => a.start - b.start);
  return new EditedBytes(body, splices);
}

function toSplice(body: Uint8Array, edit: Edit): Splice {
  switch (edit.kind) {
    case "replace":
      return { start: edit.member.valueStart, end: edit.member.valueEnd, texts: [edit.json] };
    case "cut":
      return { start: edit.start, end: edit.end, texts: [] };
    case "append": {
      const end = edit.member.valueEnd - 1;
      const isEmpty = nextSolid(body, edit.member.valueStart + 1, 1) === end;
      const texts = edit.items.flatMap((item, index) => (index === 0 && isEmpty ? [item] : [COMMA_BYTES, item]));
      return { start: end, end, texts };
    }
    case "remove":
      return { ...spanWithComma(body, edit.member), texts: [] };
    case "insert": {
      const start = body.indexOf(OPEN_BRACE) + 1;
      const name = Buffer.from(`${JSON.stringify(edit.name)}:`);
      return {
        start,
        end: start,
        texts: isEmptyObject(body, start) ? [name, edit.json] : [name, edit.json, COMMA_BYTES],
      };
    }
  }
}

/** The member together with the one comma that would be left over: the one behind it, else the one before it. */
function spanWithComma(body: Uint8Array, member: Member): { start: number; end: number } {
  const behind = nextSolid(body, member.valueEnd, 1);
  if (body[behind] === COMMA) return { start: member.keyStart, end: behind + 1 };
  const before = nextSolid(body, member.keyStart - 1, -1);
  return { start: body[before] === COMMA ? before : member.keyStart, end: member.valueEnd };
}

function isEmptyObject(body: Uint8Array, from: number): boolean {
  return body[nextSolid(body, from, 1)] === CLOSE_BRACE;
}

function nextSolid(body: Uint8Array, from: number, step: 1 | -1): number {
  let position = from;
  while (position >= 0 && position < body.length && (body[position] as number) <= 0x20) position += step;
  return position;
}

/**
 * Sets members of a JSON object: undefined removes one, anything else is written as JSON in its place, or in front if
 * there is none. Everything else keeps its bytes. A member that occurs twice is left alone.
 * @returns the very same array if nothing is to be changed
 */
export function editMembers(object: Uint8Array, members: Readonly<Record<string, unknown>>): Uint8Array {
  let bytes = object;
  // One after the other: two neighbours that are both removed share a comma.
  for (const [name, value] of Object.entries(members)) {
    const member = findMember(bytes, name);
    if (member === "repeated") continue;
    if (member !== "absent") {
      bytes = editObject(bytes, [
        value === undefined ? { kind: "remove", member } : { kind: "replace", member, json: toJson(value) },
      ]);
    } else if (value !== undefined) {
      bytes = editObject(bytes, [{ kind: "insert", name, json: toJson(value) }]);
    }
  }
  return bytes;
}

/**
 * Replaces the value that a path leads to with what `edit` makes of its bytes; everything else keeps its bytes.
 * @returns the very same array if there is no such value, or if `edit` returns it unchanged.
 */
export function editValue(
  bytes: Uint8Array,
  path: readonly (string | number)[],
  edit: (value: Uint8Array) => Uint8Array,
): Uint8Array {
  const span = findValue(bytes, path);
  if (!span) return bytes;
  const value = bytes.subarray(span.start, span.end);
  const edited = edit(value);
  return edited === value ? bytes : Buffer.concat([bytes.subarray(0, span.start), edited, bytes.subarray(span.end)]);
}
