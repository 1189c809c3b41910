import { type EscapeGraph, escapeGraph, SOFT_BREAK } from "./escapes.ts";
import { type Column, Columns, MAX_ESCAPE } from "./columns.ts";
import { MaskedOutput, type Span } from "./masked-output.ts";
import type { SecretPatterns } from "./secret-patterns.ts";

/** Escapes of escapes, such as a percent-encoded URL in JSON in HTML, are undone to this depth. */
const MAX_DEPTH = 8;

/** At most so many escapes are read at a time; text that begins more of them is no text of any encoder. */
const MAX_OPEN_ESCAPES = 32;

/** This many bytes before a word show whether it begins there. */
const LOOK_BEHIND = 2;

/** No spelling takes more bytes for a character of the secret. */
const MAX_SPREAD = 64;

const BACKSLASH = 0x5c;

/**
 * Masks a secret in bytes that come in pieces, wherever it is, in any spelling of {@link EscapeGraph}, each character
 * in its own, or in base64; of UTF-8, and of UTF-16 and UTF-32, in which there are zeros between these characters. What comes
 * out has `***` for each occurrence and all other bytes as they were.
 *
 * It reads every text in all ways at once: at each place it keeps the escapes and the occurrences that have begun. A byte
 * leads each of them on; an escape that ends is a character that leads on what was there where the escape began. So an
 * escape may be escaped itself, and nothing before or after an occurrence can hide it by looking like a part of an
 * escape. Both lists are bounded, so that the cost of a byte is, too; most bytes begin nothing and cost a look into a table.
 *
 * A class: one is made for each answer, and its state is read for every byte.
 */
export class SecretMasker {
  readonly #patterns: SecretPatterns;
  readonly #escapes: EscapeGraph;
  readonly #columns = new Columns();
  readonly #output = new MaskedOutput();
  /** For each state where it was last reached, and its index there. */
  readonly #reachedAt: Float64Array;
  readonly #reachedIndex: Int32Array;
  readonly #maxMatch: number;
  /** The column that is being filled. */
  #target: Column;
  #position = 0;
  /** Occurrences of a short secret of which the next byte must show whether they are words. */
  #words: Span[] = [];
  /** The last bytes of the pieces before the current one. */
  #before: Uint8Array = new Uint8Array(0);
  #piece: Uint8Array = this.#before;
  #pieceAt = 0;

  constructor(patterns: SecretPatterns) {
    this.#patterns = patterns;
    this.#escapes = escapeGraph();
    this.#reachedAt = new Float64Array(patterns.characters.length).fill(-1);
    this.#reachedIndex = new Int32Array(patterns.characters.length);
    this.#maxMatch = patterns.longest * MAX_SPREAD;
    this.#target = this.#columns.at(0);
  }

  /** Whether anything has been masked so far. */
  get hasMasked(): boolean {
    return this.#output.hasMasked;
  }

  /**
   * Takes the next bytes of the text, which must not change afterwards.
   * @returns what may be given out by now: all but what may be the beginning of an occurrence
   */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#piece = bytes;
    this.#pieceAt = this.#position;
    this.#output.hold(bytes);
    const { first } = this.#patterns;
    const end = bytes.length;
    let index = 0;
    while (index < end) {
      if (this.#words.length > 0) this.#settleWords(bytes[index] as number);
      if (this.#target.position !== this.#position) {
        const from = index;
        while (index < end && first[bytes[index] as number] === 0) index++;
        this.#position += index - from;
        if (index === end) break;
      }
      this.#read(bytes[index] as number);
      index++;
    }
    this.#before = this.#lastBytes();
    let limit = this.#position;
    if (this.#target.position === limit) limit = Math.max(this.#target.reach, limit - this.#maxMatch - MAX_ESCAPE);
    for (const { start } of this.#words) limit = Math.min(limit, start);
    return this.#output.release(limit);
  }

  /** The text is over. @returns the rest of it */
  end(): Uint8Array[] {
    this.#settleWords(undefined);
    return this.#output.release(Number.POSITIVE_INFINITY);
  }

  /** Follows everything under way over one byte. */
  #read(byte: number): void {
    const origin = this.#position++;
    const target = this.#columns.at(origin + 1);
    target.position = origin + 1;
    target.reach = origin + 1;
    target.escapes = 0;
    target.matches = 0;
    this.#target = target;
    if (isText(byte)) this.#follow(byte, origin, 0);
    else if (byte === 0) this.#follow(SOFT_BREAK, origin, 0);
    if (target.escapes === 0 && target.matches === 0) target.position = -1;
  }

  /**
   * Follows everything that was under way at a place over a character that reaches from there to here.
   * @param depth of how many escapes within each other the character was written
   */
  #follow(code: number, origin: number, depth: number): void {
    const { transitions } = this.#escapes;
    const { begins, characters, alternatives } = this.#patterns;
    const column = this.#columns.at(origin);
    const isLive = column.position === origin;
    const isBreak = code === SOFT_BREAK;
    const isSkipped = isBreak || code === BACKSLASH || code === 10 || code === 13;

    const begun = transitions[code] as number;
    if (begun !== 0) this.#addEscape(begun, origin, depth, isLive ? column.reach : origin, false);
    for (const begin of begins) {
      if (characters[begin] === code || alternatives[begin] === code) this.#begin(begin + 1, origin);
    }
    // The first of the backslashes that may precede the first character is a part of the occurrence.
    if (code === BACKSLASH) this.#addMatch(0, origin);
    if (!isLive) return;
    const { escapes, nodes, origins, depths, reaches, matches, states, starts } = column;
    for (let index = 0; index < escapes; index++) {
      const node = nodes[index] as number;
      const next = isBreak ? node : (transitions[(node << 7) | code] as number);
      if (next === 0) continue;
      const deepest = Math.max(depths[index] as number, depth);
      this.#addEscape(next, origins[index] as number, deepest, reaches[index] as number, isBreak);
    }
    for (let index = 0; index < matches; index++) {
      const state = states[index] as number;
      const start = starts[index] as number;
      if (characters[state] === code || alternatives[state] === code) {
        if (state !== 0) this.#addMatch(state + 1, start);
        else if (depth > 0 || isEscapedAlone(code)) this.#begin(1, start);
      }
      // Backslashes precede quotes in JSON, line breaks within base64.
      if (isSkipped && (characters[state] !== 0 || code === BACKSLASH)) this.#addMatch(state, start);
    }
  }

  /** @param isCarried whether it was there before, and what it means was followed then */
  #addEscape(node: number, origin: number, depth: number, reach: number, isCarried: boolean): void {
    const target = this.#target;
    const { escapes, nodes, origins } = target;
    for (let index = 0; index < escapes; index++) {
      if (nodes[index] === node && origins[index] === origin) return;
    }
    if (escapes === MAX_OPEN_ESCAPES || this.#position - origin >= MAX_ESCAPE) return;
    target.escapes++;
    nodes[escapes] = node;
    origins[escapes] = origin;
    target.depths[escapes] = depth;
    target.reaches[escapes] = reach;
    if (reach < target.reach) target.reach = reach;
    const character = isCarried ? 0 : (this.#escapes.accepts[node] as number);
    if (character !== 0 && depth < MAX_DEPTH) this.#follow(character, origin, depth + 1);
  }

  #begin(state: number, start: number): void {
    if (!this.#patterns.isWord || !this.#isWordBefore(start)) this.#addMatch(state, start);
  }

  #addMatch(state: number, start: number): void {
    const { characters } = this.#patterns;
    if (this.#position - start > this.#maxMatch) return;
    if (characters[state] === 0) {
      this.#complete({ start, end: this.#position });
      // Its last backslash may be written as several.
      if (characters[state - 1] !== BACKSLASH) return;
    }
    const target = this.#target;
    if (start < target.reach) target.reach = start;
    if (this.#reachedAt[state] === this.#position) {
      const index = this.#reachedIndex[state] as number;
      target.starts[index] = Math.min(target.starts[index] as number, start);
      return;
    }
    this.#reachedAt[state] = this.#position;
    const index = target.matches++;
    this.#reachedIndex[state] = index;
    target.states[index] = state;
    target.starts[index] = start;
  }

  #complete(span: Span): void {
    if (this.#patterns.isWord) this.#words.push(span);
    else this.#output.mask(span);
  }

  /** @param next the byte behind what was found, undefined at the end of the text */
  #settleWords(next: number | undefined): void {
    const words = this.#words;
    this.#words = [];
    if (next !== undefined && isAlphanumeric(next)) return;
    for (const span of words) this.#output.mask(span);
  }

  /** A byte that has been read, of the current piece or of the last before it; undefined if it is further back. */
  #byteAt(position: number): number | undefined {
    const index = position - this.#pieceAt;
    return index < 0 ? this.#before[this.#before.length + index] : this.#piece[index];
  }

  /** Whether a word goes on at a place; the letter of `\n` is none. */
  #isWordBefore(position: number): boolean {
    const byte = this.#byteAt(position - 1);
    return byte !== undefined && isAlphanumeric(byte) && this.#byteAt(position - 2) !== BACKSLASH;
  }

  #lastBytes(): Uint8Array {
    const piece = this.#piece;
    if (piece.length >= LOOK_BEHIND) return piece.subarray(piece.length - LOOK_BEHIND);
    const kept = this.#before.subarray(Math.max(0, this.#before.length + piece.length - LOOK_BEHIND));
    return Buffer.concat([kept, piece]);
  }
}

/** Whether a character may follow a backslash in JSON or JavaScript and mean itself. */
function isEscapedAlone(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x2f || code === BACKSLASH;
}

/** Whether a byte is ASCII and means something to anybody but a terminal; 0 and 1 have meanings of their own here. */
function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x80) || byte === 10 || byte === 13;
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
