import { Failure } from "../core/errors.ts";
import type { EventFilter } from "../core/sse/event-filter.ts";
import type { ResponseBody } from "../upstream/transport.ts";
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

/** What a stream asks of the call, or calls, that it comes from. */
export type StreamedCall = Pick<
  UpstreamCall,
  "becomeStream" | "touch" | "awaitClient" | "abort" | "onAbort" | "explain"
>;

/** Bytes that may arrive before the server asks for them; then the provider has to wait. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Carries a provider's stream to the client: what comes in goes out at once, the same bytes, never ahead of the
 * client's reading. Waits for the first chunk, so that a failure before it becomes a proper error.
 * The caller has opened `call` and closes it in `onEnd`.
 * @returns undefined if the stream ends before its first byte; `onEnd` is then not called.
 * @throws Failure if it fails before its first byte; `onEnd` is then not called.
 */
export async function pumpStream(
  body: ResponseBody | null,
  call: StreamedCall,
  listener: StreamListener,
  filter?: EventFilter,
): Promise<ReadableStream<Uint8Array> | undefined> {
  if (!body) return undefined;
  const began = Promise.withResolvers<boolean>();
  const done = Promise.withResolvers<void>();
  /** What arrived before the server asked for it. */
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let output: ReadableStreamDirectController | undefined;
  /** The client has to read before more is sent. */
  let isHeld = false;
  /** How the provider's stream ended, while bytes of it are still to be sent to the client. */
  let ending: { readonly failure: Failure | undefined } | undefined;
  let isOver = false;

  const hand = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    listener.onChunk(chunk);
    const accepted: unknown = output?.write(chunk);
    if (accepted instanceof Promise && !isHeld) {
      isHeld = true;
      body.pause();
      call.awaitClient();
      accepted.then(release, release);
    }
  };

  const release = (): void => {
    isHeld = false;
    if (isOver) return;
    if (ending) return close(ending.failure);
    call.touch();
    body.resume();
  };

  /** Ends the client's stream once everything before its end is sent. */
  const close = (failure: Failure | undefined): void => {
    if (isOver) return;
    const isHeard = failure?.code !== "client_gone";
    if (isHeard && (!output || (isHeld && !failure))) {
      ending ??= { failure };
      return;
    }
    if (!failure) hand(filter?.flush() ?? NOTHING);
    const lastWords = failure && isHeard ? listener.terminalErrorEvent(failure) : undefined;
    isOver = true;
    // Before the answer is over, while the runtime still takes the connection's idle timeout back from the listener.
    listener.onEnd(failure);
    if (lastWords) output?.write(lastWords);
    if (failure && !lastWords) output?.close(failure);
    else output?.close();
    done.resolve();
  };

  call.becomeStream();
  body.consume({
    write(bytes) {
      if (isOver) return;
      if (output) return hand(filter ? filter.push(bytes) : bytes);
      waiting.push(bytes);
      waitingBytes += bytes.length;
    },
    flush() {
      if (isOver) return;
      if (!output) {
        if (waitingBytes > 0) began.resolve(true);
        if (waitingBytes > MAX_WAITING_BYTES) body.pause();
        return;
      }
      void output.flush();
      if (!isHeld) call.touch();
    },
    end() {
      if (waitingBytes === 0 && !output) began.resolve(false);
      else close(undefined);
    },
    fail(error) {
      const failure = call.explain(error);
      if (waitingBytes === 0 && !output) began.reject(failure);
      else close(failure);
    },
  });
  if (!(await began.promise)) return undefined;
  // A client that leaves while nothing comes, or a deadline, ends the stream without waiting for more.
  call.onAbort(close);

  return new ReadableStream({
    // The only kind that neither keeps nor joins what is written, and reports when the client does not read.
    type: "direct",
    pull(controller) {
      if (isOver) return void controller.close();
      output = controller;
      for (const bytes of waiting) hand(filter ? filter.push(bytes) : bytes);
      waiting = [];
      void controller.flush();
      // Closed with an error within `pull`, the runtime forgets what was written and prints the error.
      if (ending?.failure) setImmediate(close, ending.failure);
      else if (ending) close(undefined);
      else if (waitingBytes > MAX_WAITING_BYTES && !isHeld) body.resume();
      return done.promise;
    },
    cancel() {
      call.abort(new Failure("client_gone"));
    },
  });
}

const NOTHING = new Uint8Array(0);
