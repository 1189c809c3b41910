import type { ResponseHeaders } from "../transport.ts";
import { COLON, SPACE, TAB } from "./framing-bytes.ts";

/** What a capital letter lacks to be a small one. */
const TO_LOWER_CASE = 0x20;

/**
 * The fields of a head that has been found to be well-formed. Most heads have twenty or more, of which few are asked
 * for, so that only where they are is noted. A class because one is made for each message.
 */
export class HeadFields implements ResponseHeaders {
  readonly #head: string;
  /** Where each field begins. */
  readonly #starts: number[] = [];

  /** @param head with its first line and without its closing empty line */
  constructor(head: string) {
    this.#head = head;
    for (let end = head.indexOf("\r\n"); end >= 0; end = head.indexOf("\r\n", end + 2)) this.#starts.push(end + 2);
  }

  /** How many there are, each line counted. */
  get count(): number {
    return this.#starts.length;
  }

  get(name: string): string | null {
    let value: string | null = null;
    for (let index = 0; index < this.#starts.length; index++) {
      if (!this.#isNamed(this.#starts[index] as number, name)) continue;
      const next = this.#valueAt(index, name.length);
      value = value === null ? next : `${value}, ${next}`;
    }
    return value;
  }

  forEach(callback: (value: string, name: string) => void, initials?: ReadonlySet<number>): void {
    for (let index = 0; index < this.#starts.length; index++) {
      const start = this.#starts[index] as number;
      if (initials && !initials.has(this.#head.charCodeAt(start) | TO_LOWER_CASE)) continue;
      const name = this.#nameAt(start);
      callback(this.#valueAt(index, name.length), name);
    }
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (const [index, start] of this.#starts.entries()) {
      const name = this.#nameAt(start);
      yield [name, this.#valueAt(index, name.length)];
    }
  }

  /** Whether the field that begins at `start` has this name, which is in lower case. */
  #isNamed(start: number, name: string): boolean {
    const head = this.#head;
    if (head.charCodeAt(start + name.length) !== COLON) return false;
    for (let at = 0; at < name.length; at++) {
      const code = head.charCodeAt(start + at);
      const wanted = name.charCodeAt(at);
      // Of the characters that a name may have, only letters become those of another one.
      if (code !== wanted && (code | TO_LOWER_CASE) !== wanted) return false;
    }
    return true;
  }

  #nameAt(start: number): string {
    return this.#head.slice(start, this.#head.indexOf(":", start)).toLowerCase();
  }

  /** A field's value without the spaces and tabs around it; `trim` takes more. */
  #valueAt(index: number, nameLength: number): string {
    const head = this.#head;
    let start = (this.#starts[index] as number) + nameLength + 1;
    const next = this.#starts[index + 1];
    let end = next === undefined ? head.length : next - 2;
    while (start < end && isBlank(head.charCodeAt(start))) start++;
    while (end > start && isBlank(head.charCodeAt(end - 1))) end--;
    return head.slice(start, end);
  }
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;
