import type { Outgoing } from "../../upstream/http1/outgoing.ts";

/** An answer that leaves in one piece. A class instead of closures: one is made for each answer. */
export class WholeAnswer implements Outgoing {
  readonly length: number;
  readonly #head: string;
  readonly #body: Uint8Array | undefined;

  /** @param head one character for each byte */
  constructor(head: string, body: Uint8Array | undefined) {
    this.#head = head;
    this.#body = body;
    this.length = head.length + (body?.length ?? 0);
  }

  writeTo(target: Buffer): void {
    target.write(this.#head, 0, "latin1");
    if (this.#body) target.set(this.#body, this.#head.length);
  }

  left(): void {}
}
