import type { BodyConsumer, ResponseBody } from "../../upstream/transport.ts";

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** What a web-standard stream of a body is read from. */
export class BodyStreamReader implements BodyConsumer {
  readonly #body: ResponseBody;
  #controller: Controller | undefined;
  /** Resolves what the stream waits for. */
  #came: (() => void) | undefined;
  /** Something came that the stream has not asked for. */
  #isAhead = false;
  #isOver = false;

  constructor(body: ResponseBody) {
    this.#body = body;
  }

  pull(controller: Controller): Promise<void> | undefined {
    if (!this.#controller) {
      this.#controller = controller;
      this.#body.consume(this);
    } else if (!this.#isAhead && !this.#isOver) this.#body.resume();
    if (this.#isAhead || this.#isOver) {
      this.#isAhead = false;
      return undefined;
    }
    return new Promise((resolve) => (this.#came = resolve));
  }

  cancel(): void {
    this.#isOver = true;
    this.#body.cancel();
  }

  write(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) return;
    this.#controller?.enqueue(bytes);
    this.#isAhead = true;
  }

  flush(): void {
    if (!this.#isAhead || this.#isOver) return;
    this.#body.pause();
    if (!this.#came) return;
    this.#isAhead = false;
    this.#answer();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.close();
    this.#answer();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.error(error);
    this.#answer();
  }

  #answer(): void {
    const came = this.#came;
    this.#came = undefined;
    came?.();
  }
}
