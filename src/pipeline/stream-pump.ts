import { Failure } from "../core/errors.ts";
import type { EventFilter } from "../core/sse/event-filter.ts";
import type { BodyConsumer, ResponseBody } from "../upstream/transport.ts";
import type { UpstreamCall } from "../upstream/call.ts";

/** Events of a stream, for whoever records it. */
export interface StreamListener {
  /** Every chunk as it is handed to the client; must not change it. */
  onChunk(chunk: Uint8Array): void;
  /** The last bytes for a client whose stream breaks off, or undefined to break the connection off visibly. */
  terminalErrorEvent(failure: Failure): Uint8Array | undefined;
  /** Called exactly once: without a failure when the provider ended the stream itself. */
  onEnd(failure: Failure | undefined): void;
}

/**
 * Carries a provider's stream to the client: what comes in goes out at once, the same bytes, never ahead of the
 * client's reading. Waits for the first chunk, so that a failure before it becomes a proper error.
 * The caller has opened `call` and closes it in `onEnd`.
 * @returns undefined if the stream ends before its first byte; `onEnd` is then not called.
 * @throws Failure if it fails before its first byte; `onEnd` is then not called.
 */
export async function pumpStream(
  body: ResponseBody | null,
  call: UpstreamCall,
  listener: StreamListener,
  filter?: EventFilter,
): Promise<ReadableStream<Uint8Array> | undefined> {
  if (!body) return undefined;
  call.becomeStream();
  try {
    if (!(await body.keepUntil(isSome))) return undefined;
  } catch (error) {
    throw call.explain(error);
  }
  const pump = new StreamPump(body, call, listener, filter);
  // A client that leaves while nothing comes, or a deadline, ends the stream without waiting for more.
  call.onAbort((failure) => pump.break(failure));
  return new ReadableStream({
    // The only kind that neither keeps nor joins what is written, and reports when the client does not read.
    type: "direct",
    pull: (controller) => pump.open(controller),
    cancel: () => pump.cancel(),
  });
}

const isSome = (length: number): boolean => length > 0;

type PumpState =
  /** The server has not asked for the stream yet: the body keeps what comes. */
  | "unasked"
  | "flowing"
  /** The client has to read before the provider may send more. */
  | "held"
  /** The provider has ended the stream, of which the client has something to read. */
  | "ended"
  | "over";

/** A class instead of closures, which are made anew for each stream. */
class StreamPump implements BodyConsumer {
  readonly #body: ResponseBody;
  readonly #call: UpstreamCall;
  readonly #listener: StreamListener;
  readonly #filter: EventFilter | undefined;
  readonly #done = Promise.withResolvers<void>();
  #state: PumpState = "unasked";
  #output: ReadableStreamDirectController | undefined;
  /** Why the stream was broken off before the server asked for it. */
  #early: Failure | undefined;

  constructor(body: ResponseBody, call: UpstreamCall, listener: StreamListener, filter: EventFilter | undefined) {
    this.#body = body;
    this.#call = call;
    this.#listener = listener;
    this.#filter = filter;
  }

  /** The server asks for the stream. */
  open(output: ReadableStreamDirectController): Promise<void> | undefined {
    if (this.#state === "over") return void output.close();
    this.#output = output;
    this.#state = "flowing";
    this.#body.consume(this);
    if (this.#early) this.break(this.#early);
    return this.#done.promise;
  }

  /** The client does not want the stream any more. */
  cancel(): void {
    this.#output = undefined;
    this.#call.abort(new Failure("client_gone"));
  }

  // As the consumer of the provider's body:

  write(bytes: Uint8Array): void {
    this.#hand(this.#filter ? this.#filter.push(bytes) : bytes);
  }

  flush(): void {
    if (this.#state === "over") return;
    void this.#output?.flush();
    if (this.#state === "flowing") this.#call.touch();
  }

  end(): void {
    if (this.#state === "held") this.#state = "ended";
    else this.#close(undefined);
  }

  fail(error: unknown): void {
    this.break(this.#call.explain(error));
  }

  /** Ends the stream with a failure, however much of it is unread. */
  break(failure: Failure): void {
    // Before the server asks for it there is nowhere to say so, and nobody to say it to.
    if (this.#state === "unasked" && failure.code !== "client_gone") this.#early ??= failure;
    else this.#close(failure);
  }

  #hand(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#state === "over") return;
    this.#listener.onChunk(chunk);
    const accepted: unknown = this.#output?.write(chunk);
    if (accepted instanceof Promise && this.#state === "flowing") this.#hold(accepted);
  }

  #hold(accepted: Promise<unknown>): void {
    this.#state = "held";
    this.#body.pause();
    this.#call.awaitClient();
    const release = (): void => this.#release();
    accepted.then(release, release);
  }

  #release(): void {
    if (this.#state === "ended") return this.#close(undefined);
    if (this.#state !== "held") return;
    this.#state = "flowing";
    this.#call.touch();
    this.#body.resume();
  }

  #close(failure: Failure | undefined): void {
    if (this.#state === "over") return;
    if (!failure && this.#filter) this.#hand(this.#filter.flush());
    const isHeard = failure && failure.code !== "client_gone";
    const lastWords = isHeard ? this.#listener.terminalErrorEvent(failure) : undefined;
    this.#state = "over";
    // Before the answer is over, while the runtime still takes the connection's idle timeout back from the listener.
    this.#listener.onEnd(failure);
    if (lastWords) this.#output?.write(lastWords);
    if (!failure || lastWords) this.#endOutput();
    // Closed with an error within `pull`, the runtime forgets what was written and prints the error.
    else setImmediate(() => this.#endOutput(failure));
  }

  #endOutput(failure?: Failure): void {
    this.#output?.close(failure);
    this.#done.resolve();
  }
}
