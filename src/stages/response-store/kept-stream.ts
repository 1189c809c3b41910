import { createEventEditor } from "../../core/sse/event-filter.ts";
import { Body } from "../../upstream/response-body.ts";
import type { ResponseBody } from "../../upstream/transport.ts";

const ENDS = [Buffer.from("event: response.completed"), Buffer.from("event: response.incomplete")];

/** The last event repeats the whole answer. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * A stream of a response as it comes, but for the event that ends it: that waits until the response is kept, so that a
 * client which has it can go on from there. What breaks off before is passed on as it is.
 */
export class KeptStream extends Body {
  readonly #source: ResponseBody;
  readonly #keep: (event: Uint8Array) => Promise<Uint8Array>;
  readonly #events = createEventEditor((event) => this.#judge(event), MAX_EVENT_BYTES, findEnd);
  #isTaken = false;
  #state: "open" | "keeping" | "over" = "open";
  /** The event that ends the response. */
  #last: Buffer | undefined;
  /** What has come after it. */
  #after: Uint8Array[] = [];
  /** How the source has ended. */
  #ending: (() => void) | undefined;

  /** @param keep takes the last event, and resolves with what the client is to get in its place; must not reject */
  constructor(source: ResponseBody, keep: (event: Uint8Array) => Promise<Uint8Array>) {
    super();
    this.#source = source;
    this.#keep = keep;
  }

  protected override start(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#source.consume({
      write: (bytes) => this.#take(bytes),
      flush: () => this.flush(),
      end: () => {
        if (this.#state === "open") this.#pass(this.#events.flush());
        this.#endWith(() => this.end());
      },
      fail: (error) => {
        if (this.#state === "open") {
          this.#state = "over";
          this.write(this.#events.flush());
        }
        this.#endWith(() => this.fail(error));
      },
    });
  }

  protected override pauseSource(isPaused: boolean): void {
    if (isPaused) this.#source.pause();
    else this.#source.resume();
  }

  protected override dropSource(): void {
    this.#source.cancel();
  }

  #take(bytes: Uint8Array): void {
    if (this.#state === "open") this.#pass(this.#events.push(bytes));
    else if (this.#state === "keeping") this.#after.push(bytes);
    else this.write(bytes);
  }

  /** @param bytes what is left once the last event is taken out */
  #pass(bytes: Uint8Array): void {
    if (bytes.length > 0) this.write(bytes);
    if (!this.#last) return;
    this.#state = "keeping";
    this.flush();
    void this.#keep(this.#last).then((kept) => {
      this.#state = "over";
      this.write(kept);
      for (const after of this.#after) this.write(after);
      this.#after = [];
      this.flush();
      this.#ending?.();
    });
  }

  #judge(event: Buffer): Uint8Array {
    if (this.#state === "over" || this.#last || !isEnd(event)) return event;
    this.#last = event;
    return NOTHING;
  }

  #endWith(end: () => void): void {
    if (this.#state === "keeping") this.#ending = end;
    else end();
  }
}

/** Where the first sign of an end is, or -1. */
function findEnd(bytes: Buffer, from: number): number {
  let first = -1;
  for (const sign of ENDS) {
    const at = bytes.indexOf(sign, from);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

const isEnd = (event: Buffer): boolean => ENDS.some((sign) => event.subarray(0, sign.length).equals(sign));
