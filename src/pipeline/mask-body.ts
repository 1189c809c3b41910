import { Body } from "../upstream/response-body.ts";
import type { ResponseBody } from "../upstream/transport.ts";
import type { SecretMasker } from "../core/redact/secret-masker.ts";

/** Bytes searched at a time, at most 10 ms of work; a socket may bring half a megabyte at once. */
const MAX_TURN_BYTES = 64 * 1024;

/**
 * A body as it comes, except what `masker` masks. It holds back what may be the beginning of that, and while there is
 * more to be searched than one turn of the event loop should do, it asks the sender to wait.
 */
export function maskBody(body: ResponseBody, masker: SecretMasker): ResponseBody {
  return new MaskedBody(body, masker);
}

class MaskedBody extends Body {
  readonly #source: ResponseBody;
  readonly #masker: SecretMasker;
  /** What has come and has not been searched yet. */
  #waiting: Uint8Array[] = [];
  #isTaken = false;
  #isScheduled = false;
  /** Called once nothing waits any more: how the body ended. */
  #ending: (() => void) | undefined;

  constructor(source: ResponseBody, masker: SecretMasker) {
    super();
    this.#source = source;
    this.#masker = masker;
  }

  protected override start(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#source.consume({
      write: (bytes) => this.#take(bytes),
      flush: () => {
        if (this.#waiting.length === 0) this.flush();
      },
      end: () =>
        this.#endWith(() => {
          for (const piece of this.#masker.end()) this.write(piece);
          this.flush();
          this.end();
        }),
      fail: (error) => {
        // Data that the client does not read must not delay the failure.
        if (this.isPaused) this.#waiting = [];
        this.#endWith(() => this.fail(error));
      },
    });
  }

  protected override pauseSource(isPaused: boolean): void {
    if (isPaused) this.#source.pause();
    else if (this.#waiting.length > 0) this.#schedule();
    else if (!this.#ending) this.#source.resume();
  }

  protected override dropSource(): void {
    this.#waiting = [];
    this.#source.cancel();
  }

  #take(bytes: Uint8Array): void {
    if (this.#waiting.length === 0 && bytes.length <= MAX_TURN_BYTES) return this.#search(bytes);
    this.#waiting.push(bytes);
    this.#source.pause();
    this.#schedule();
  }

  #endWith(ending: () => void): void {
    this.#ending = ending;
    if (this.#waiting.length === 0) ending();
  }

  #search(bytes: Uint8Array): void {
    for (const piece of this.#masker.push(bytes)) this.write(piece);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#searchNext());
  }

  #searchNext(): void {
    this.#isScheduled = false;
    const [first] = this.#waiting;
    if (!first || this.isPaused) return;
    if (first.length > MAX_TURN_BYTES) this.#waiting[0] = first.subarray(MAX_TURN_BYTES);
    else this.#waiting.shift();
    this.#search(first.subarray(0, MAX_TURN_BYTES));
    this.flush();
    if (!this.isOpen) return;
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#ending) this.#ending();
    else if (!this.isPaused) this.#source.resume();
  }
}
