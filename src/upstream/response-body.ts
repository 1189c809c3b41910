import { PieceList } from "./read-body.ts";
import type { BodyConsumer, ResponseBody } from "./transport.ts";

/** Who has a body, and how far it has come. */
type BodyState =
  /** Nobody takes it yet: what comes is kept. */
  | "kept"
  /** It goes to its consumer as it comes. */
  | "flowing"
  /** All of it has come, and is kept until its consumer has it. */
  | "complete"
  /** It broke off; what had come is kept until its consumer has it. */
  | "broken"
  /** Its consumer was told how it ended, or nobody wants it. */
  | "over";

/** Waits for a part of a body that is kept. */
interface Wait {
  readonly isEnough: (length: number, piece: Uint8Array) => boolean;
  readonly resolve: (cameSoFar: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** This much of a body may come before anyone takes it; then its source has to wait. */
const MAX_KEPT_BYTES = 256 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * The body of an answer, between its source, which calls the members of {@link BodyConsumer}, and whoever takes it, who
 * uses those of {@link ResponseBody}: keeps what comes too early, has the source wait, and reports each end once.
 * A class to be extended by the source: an exchange is its own body, so that a request needs no further object.
 */
export abstract class Body implements ResponseBody, BodyConsumer {
  #state: BodyState = "kept";
  #consumer: BodyConsumer | undefined;
  #kept: PieceList | undefined;
  #error: unknown;
  #wait: Wait | undefined;
  #isPaused = false;
  #hasBegun = false;

  /** Somebody wants the body: a source that waits for that begins. May be called again. */
  protected start(): void {}
  /** Has the source wait, or go on. What it has already may still come. */
  protected abstract pauseSource(isPaused: boolean): void;
  /** Nobody wants the rest. */
  protected abstract dropSource(): void;

  /** More may come, and somebody may want it. */
  protected get isOpen(): boolean {
    return this.#state === "flowing" || this.#state === "kept";
  }

  protected get isPaused(): boolean {
    return this.#isPaused;
  }

  /** All of it has come, and nobody has taken it. */
  protected get isComplete(): boolean {
    return this.#state === "complete" && !this.#consumer;
  }

  /** Some of it has come. */
  protected get hasBegun(): boolean {
    return this.#hasBegun;
  }

  // For whoever takes it:

  get whole(): Uint8Array | undefined {
    if (!this.isComplete) return undefined;
    const pieces = this.#kept?.pieces() ?? [];
    return pieces.length === 1 ? pieces[0] : pieces.length === 0 ? NOTHING : Buffer.concat(pieces);
  }

  get keptBytes(): number {
    return this.#kept?.length ?? 0;
  }

  keepUntil(isEnough: Wait["isEnough"]): Promise<boolean> {
    let length = 0;
    for (const piece of this.#kept?.pieces() ?? []) {
      length += piece.length;
      if (isEnough(length, piece)) return Promise.resolve(true);
    }
    if (this.#state === "complete") return Promise.resolve(false);
    if (this.#state === "broken") return Promise.reject(this.#error);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#wait = { isEnough, resolve, reject };
    this.resume();
    this.start();
    return promise;
  }

  consume(consumer: BodyConsumer): void {
    const kept = this.#kept?.pieces();
    const wasPaused = this.#isPaused;
    this.#kept = undefined;
    this.#isPaused = false;
    this.#wait = undefined;
    this.#consumer = consumer;
    if (this.#state === "kept") this.#state = "flowing";
    // With each piece it may have enough.
    for (const bytes of kept ?? []) if (this.#consumer === consumer) consumer.write(bytes);
    if (this.#consumer !== consumer) return;
    if (kept && this.#state !== "complete") consumer.flush();
    if (this.#consumer !== consumer) return;
    if (this.#state === "complete") this.#conclude()?.end();
    else if (this.#state === "broken") this.#conclude()?.fail(this.#error);
    else {
      if (wasPaused && !this.#isPaused) this.pauseSource(false);
      this.start();
    }
  }

  pause(): void {
    if (this.#isPaused || !this.isOpen) return;
    this.#isPaused = true;
    this.pauseSource(true);
  }

  resume(): void {
    if (!this.#isPaused || !this.isOpen) return;
    this.#isPaused = false;
    this.pauseSource(false);
  }

  cancel(): void {
    const wasOpen = this.isOpen;
    this.#conclude();
    if (wasOpen) this.dropSource();
  }

  // For its source:

  write(bytes: Uint8Array): void {
    this.#hasBegun = true;
    if (this.#state === "flowing") return this.#consumer?.write(bytes);
    if (this.#state !== "kept") return;
    this.#kept ??= new PieceList();
    this.#kept.push(bytes);
    if (this.#wait?.isEnough(this.#kept.length, bytes)) this.#endWait()?.resolve(true);
  }

  flush(): void {
    if (this.#state === "flowing") this.#consumer?.flush();
    else if (!this.#wait && this.#kept && this.#kept.length > MAX_KEPT_BYTES) this.pause();
  }

  end(): void {
    if (this.#state === "flowing") return this.#conclude()?.end();
    if (this.#state !== "kept") return;
    this.#state = "complete";
    this.#endWait()?.resolve(false);
  }

  fail(error: unknown): void {
    if (this.#state === "flowing") return this.#conclude()?.fail(error);
    if (this.#state !== "kept") return;
    this.#state = "broken";
    this.#error = error;
    this.#endWait()?.reject(error);
  }

  /** Lets go of everything; returns the consumer, who has had all but the end. */
  #conclude(): BodyConsumer | undefined {
    const consumer = this.#consumer;
    this.#state = "over";
    this.#consumer = undefined;
    this.#kept = undefined;
    return consumer;
  }

  #endWait(): Wait | undefined {
    const wait = this.#wait;
    this.#wait = undefined;
    return wait;
  }
}
