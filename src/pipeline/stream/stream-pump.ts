import { Failure } from "../../core/errors.ts";
import type { StreamOutput, StreamSource } from "../../core/client-answer.ts";
import type { Deadline } from "../../core/deadlines.ts";
import type { EventFilter } from "../../core/sse/event-filter.ts";
import type { BodyConsumer, ResponseBody } from "../../upstream/transport.ts";
import { sparesWholeStreams } from "../request-timeout.ts";
import type { PumpOptions, StreamedCall, StreamListener } from "../stream-listener.ts";
import { beginStream, firstBeat, type Heartbeat, nextBeat } from "../heartbeat.ts";

/**
 * Carries a body to the client as {@link startPump} does, once its first chunk has come, so that a failure before it
 * becomes a proper error.
 * @returns undefined if the body ends before its first byte; `onEnd` is then not called.
 * @throws Failure if it fails before its first byte; `onEnd` is then not called.
 */
export async function pumpStream(
  body: ResponseBody | null,
  call: StreamedCall,
  listener: StreamListener,
): Promise<StreamSource | undefined> {
  return !body || (await beginStream(body, call)) === "empty" ? undefined : startPump(body, call, listener);
}

/**
 * Carries a stream to the client: what comes in goes out at once, the same bytes, never ahead of the client's reading.
 * The caller has opened `call` and closes it in `onEnd`.
 */
export function startPump(
  body: ResponseBody,
  call: StreamedCall,
  listener: StreamListener,
  options: PumpOptions = {},
): StreamSource {
  const pump = new StreamPump(body, call, listener, options);
  // A client that leaves while nothing comes, or a deadline, ends the stream without waiting for more.
  call.onAbort((failure) => pump.break(failure));
  return pump;
}

type PumpState =
  /** The server has not asked for the stream yet: the body keeps what comes. */
  | "unasked"
  | "flowing"
  /** The client has to read before the provider may send more. */
  | "held"
  /** The provider has ended the stream, of which the client has something to read. */
  | "ended"
  | "over";

/** A class instead of closures, which are made anew for each stream; its deadline is the next sign of life. */
class StreamPump implements BodyConsumer, Deadline, StreamSource {
  expiresAt = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  readonly #body: ResponseBody;
  readonly #call: StreamedCall;
  readonly #listener: StreamListener;
  readonly #filter: EventFilter | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #done = Promise.withResolvers<void>();
  #state: PumpState = "unasked";
  #output: StreamOutput | undefined;
  #hasNewsForClient = false;
  /** Why the stream was broken off before the server asked for it. */
  #early: Failure | undefined;

  constructor(body: ResponseBody, call: StreamedCall, listener: StreamListener, { filter, heartbeat }: PumpOptions) {
    this.#body = body;
    this.#call = call;
    this.#listener = listener;
    this.#filter = filter;
    this.#heartbeat = heartbeat;
  }

  /** The server asks for the stream. */
  open(output: StreamOutput): Promise<void> | undefined {
    if (this.#state === "over") return void output.close();
    this.#output = output;
    this.#state = "flowing";
    const isSilent = this.#body.keptBytes === 0;
    this.#body.consume(this);
    if (this.#early) this.break(this.#early);
    if (isSilent) this.#sendSign(true);
    this.#awaitSilence(firstBeat);
    return this.#done.promise;
  }

  /** The client does not want the stream any more. */
  cancel(): void {
    this.#output = undefined;
    this.#call.abort(new Failure("client_gone"));
  }

  write(bytes: Uint8Array): void {
    this.#hand(this.#filter ? this.#filter.push(bytes) : bytes);
  }

  flush(): void {
    if (this.#state === "over") return;
    void this.#output?.flush();
    if (this.#state !== "flowing") return;
    const time = this.#heartbeat?.now();
    this.#call.touch(time);
    if (this.#heartbeat && this.#hasNewsForClient) this.expiresAt = firstBeat(this.#heartbeat, time);
    this.#hasNewsForClient = false;
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
    else if (sparesWholeStreams(failure) && this.#listener.isOver?.()) this.end();
    else this.#close(failure);
  }

  /** The provider has been silent for long. */
  onExpire(): void {
    if (this.#listener.isOver?.()) return this.end();
    this.#sendSign(false);
    this.#awaitSilence(nextBeat);
  }

  #awaitSilence(beat: typeof firstBeat): void {
    if (!this.#heartbeat || this.#state === "over") return;
    this.expiresAt = beat(this.#heartbeat);
    this.#heartbeat.deadlines.add(this);
  }

  #hand(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#state === "over") return;
    this.#hasNewsForClient = true;
    this.#listener.onChunk(chunk);
    this.#write(chunk);
  }

  /** One is enough for a client that does not read. */
  #sendSign(isFirst: boolean): void {
    const sign = this.#state === "flowing" ? this.#listener.signOfLife?.(isFirst) : undefined;
    if (sign) this.#write(sign);
    if (sign) void this.#output?.flush();
  }

  #write(chunk: Uint8Array): void {
    const accepted: unknown = this.#output?.write(chunk);
    if (this.#state === "flowing" && accepted instanceof Promise) this.#hold(accepted);
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
    if (!failure) {
      if (this.#filter) this.#hand(this.#filter.flush());
      const unfinished = this.#listener.failureAtEnd?.();
      if (unfinished) return this.#close(unfinished);
    }
    const isHeard = failure && failure.code !== "client_gone";
    const errorEvent = isHeard ? this.#listener.terminalErrorEvent(failure) : undefined;
    this.#state = "over";
    this.#heartbeat?.deadlines.release(this);
    // Before the answer is over: the listener restores the connection's idle timeout, which is the next request's from then on.
    this.#listener.onEnd(failure);
    if (errorEvent) this.#output?.write(errorEvent);
    this.#output?.close(errorEvent ? undefined : failure);
    this.#done.resolve();
  }
}
