import { UpstreamError } from "../../upstream/errors.ts";
import { Body } from "../../upstream/response-body.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import type { SecretMasker } from "../../core/redact/secret-masker.ts";

/** Bytes handed over at a time, at most 10 ms of work; a socket may bring half a megabyte at once. */
const MAX_TURN_BYTES = 64 * 1024;

/** What becomes of the bytes of a body. What its functions throw is what the body breaks off with. */
export interface BodyTransform {
  /** True once nothing more comes of it, whatever else the source sends. */
  readonly isOver: boolean;
  /** Whether the body is whole although the connection it comes by breaks now; absent if it never is. */
  readonly isWhole?: boolean;
  /** Takes the next bytes, and writes what comes of them and of those before. */
  push(bytes: Uint8Array, write: (bytes: Uint8Array) => void): void;
  /** Writes what is left once the source has ended. */
  end(write: (bytes: Uint8Array) => void): void;
}

/** A body as it comes, except what `masker` masks. It holds back what may be the beginning of that. */
export function maskBody(body: ResponseBody, masker: SecretMasker): ResponseBody {
  return transformBody(body, {
    isOver: false,
    push(bytes, write) {
      for (const piece of masker.push(bytes)) write(piece);
    },
    end(write) {
      for (const piece of masker.end()) write(piece);
    },
  });
}

/**
 * What `transform` makes of a body, as it comes. While there is more to be done than one turn of the event loop should
 * do, it asks the sender to wait.
 */
export function transformBody(body: ResponseBody, transform: BodyTransform): ResponseBody {
  return new TransformedBody(body, transform);
}

class TransformedBody extends Body {
  readonly #source: ResponseBody;
  readonly #transform: BodyTransform;
  /** What has come and has not been transformed yet. */
  #waiting: Uint8Array[] = [];
  #isTaken = false;
  #isScheduled = false;
  /** Called once nothing waits any more: how the body ended. */
  #ending: (() => void) | undefined;

  constructor(source: ResponseBody, transform: BodyTransform) {
    super();
    this.#source = source;
    this.#transform = transform;
  }

  protected override start(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#source.consume({
      write: (bytes) => this.#take(bytes),
      flush: () => {
        if (this.#waiting.length === 0) this.flush();
      },
      end: () => this.#endWith(() => this.#finish()),
      fail: (error) => {
        // Data that the client does not read must not delay the failure.
        if (this.isPaused) this.#waiting = [];
        this.#endWith(() => this.#break(error));
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
    if (this.#waiting.length === 0 && bytes.length <= MAX_TURN_BYTES) return this.#push(bytes);
    this.#waiting.push(bytes);
    this.#source.pause();
    this.#schedule();
  }

  #endWith(ending: () => void): void {
    this.#ending = ending;
    if (this.#waiting.length === 0) ending();
  }

  #write = (bytes: Uint8Array): void => this.write(bytes);

  #push(bytes: Uint8Array): void {
    try {
      this.#transform.push(bytes, this.#write);
    } catch (error) {
      return this.#stop(() => this.fail(error));
    }
    if (this.#transform.isOver) this.#stop(() => this.end());
  }

  #finish(): void {
    try {
      this.#transform.end(this.#write);
    } catch (error) {
      this.flush();
      return this.fail(error);
    }
    this.flush();
    this.end();
  }

  #break(error: unknown): void {
    if (error instanceof UpstreamError && this.#transform.isWhole) this.#finish();
    else this.fail(error);
  }

  /** Ends the body before its source has ended. */
  #stop(end: () => void): void {
    this.#waiting = [];
    this.#source.cancel();
    this.flush();
    end();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#pushNext());
  }

  #pushNext(): void {
    this.#isScheduled = false;
    const [first] = this.#waiting;
    if (!first || this.isPaused) return;
    if (first.length > MAX_TURN_BYTES) this.#waiting[0] = first.subarray(MAX_TURN_BYTES);
    else this.#waiting.shift();
    this.#push(first.subarray(0, MAX_TURN_BYTES));
    this.flush();
    if (!this.isOpen) return;
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#ending) this.#ending();
    else if (!this.isPaused) this.#source.resume();
  }
}
