import { EditedBytes } from "../../core/json/edit.ts";
import { freeBytes } from "../../core/memory/free-bytes.ts";

/** Bytes that are put together when they leave, and not before. */
export interface Outgoing {
  readonly length: number;
  /** Writes all of them to `target`, from its beginning on. */
  writeTo(target: Buffer): void;
  /** They have left from there, and are not written again. */
  left(): void;
}

/** A message in a buffer of its own. */
export function inOnePiece(message: Outgoing): Buffer {
  const bytes = Buffer.allocUnsafe(message.length);
  message.writeTo(bytes);
  return bytes;
}

/**
 * A request that is put together where it leaves from. In a buffer of its own it costs an allocation, and of a long body
 * memory that is garbage once the system has taken it.
 */
export class OutgoingRequest implements Outgoing {
  readonly length: number;
  readonly #start: Uint8Array;
  /** What follows the start of the head, one byte for each character. */
  readonly #end: string;
  readonly #behind: Uint8Array | EditedBytes;
  readonly #isGivenUp: boolean;

  /** @param isGivenUp whether nobody reads what is behind the head any more once it has left */
  constructor(start: Uint8Array, end: string, behind: Uint8Array | EditedBytes, isGivenUp: boolean) {
    this.length = start.length + end.length + behind.length;
    this.#start = start;
    this.#end = end;
    this.#behind = behind;
    this.#isGivenUp = isGivenUp;
  }

  writeTo(target: Buffer): void {
    const endAt = this.#start.length;
    const behindAt = endAt + this.#end.length;
    target.set(this.#start);
    target.write(this.#end, endAt, "latin1");
    if (this.#behind instanceof EditedBytes) this.#behind.writeTo(target, behindAt);
    else target.set(this.#behind, behindAt);
  }

  left(): void {
    if (!this.#isGivenUp) return;
    if (this.#behind instanceof EditedBytes) this.#behind.free();
    else freeBytes(this.#behind);
  }
}
