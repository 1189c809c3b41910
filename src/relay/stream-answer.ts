import { Failure } from "../failure/failure.ts";
import type { EventFilter } from "../sse/event-filter.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";

/** What happens along a stream, told to whoever books it. */
export interface StreamListener {
  /** Every chunk as it is handed to the client; must not change it. */
  onChunk(chunk: Uint8Array): void;
  /** The last bytes for a client whose stream breaks off, or undefined to break the connection off visibly. */
  lastWords(failure: Failure): Uint8Array | undefined;
  /** Called exactly once: without a failure when the provider ended the stream itself. */
  onEnd(failure: Failure | undefined): void;
}

/**
 * Carries a provider's stream to the client: one chunk in, one chunk out, the same bytes, never ahead of the client's
 * reading. Waits for the first chunk, so that a provider that fails before it is answered with a proper error.
 * The caller has opened `call` and closes it in `onEnd`.
 * @returns undefined where the stream ends before its first byte; `onEnd` is then not called.
 * @throws Failure where it fails before its first byte; `onEnd` is then not called.
 */
export async function streamAnswer(
  body: ReadableStream<Uint8Array> | null,
  call: UpstreamCall,
  listener: StreamListener,
  filter?: EventFilter,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const reader = body?.getReader();
  if (!reader) return undefined;
  call.becomeStream();
  const first = await reader.read().catch((error: unknown) => {
    throw call.explain(error);
  });
  if (first.done) return undefined;

  let waiting: Uint8Array | undefined = first.value;
  let ended = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  /** Hands a chunk on; false where the filter kept all of it. */
  const pass = (chunk: Uint8Array): boolean => {
    const passed = filter ? filter.push(chunk) : chunk;
    if (passed.length === 0) return false;
    listener.onChunk(passed);
    controller?.enqueue(passed);
    return true;
  };

  const end = (failure: Failure | undefined): void => {
    ended = true;
    listener.onEnd(failure);
  };

  const breakOff = (failure: Failure): void => {
    if (ended) return;
    const isHeard = failure.code !== "client_gone";
    // What was read and not asked for yet stands before the error.
    if (waiting && isHeard) pass(waiting);
    const lastWords = isHeard ? listener.lastWords(failure) : undefined;
    end(failure);
    if (!lastWords) return controller?.error(failure);
    controller?.enqueue(lastWords);
    controller?.close();
  };

  const finish = (): void => {
    const rest = filter?.flush();
    if (rest && rest.length > 0) {
      listener.onChunk(rest);
      controller?.enqueue(rest);
    }
    end(undefined);
    controller?.close();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(created) {
        controller = created;
        // A client that leaves while it is not reading, or a deadline, ends the stream without waiting for a read.
        call.onAbort(breakOff);
      },
      async pull() {
        if (waiting) {
          const chunk = waiting;
          waiting = undefined;
          if (pass(chunk)) return;
        }
        try {
          for (;;) {
            call.touch();
            const { done, value } = await reader.read();
            if (ended) return;
            call.touch();
            if (done) return finish();
            if (pass(value)) return;
          }
        } catch (error) {
          breakOff(call.explain(error));
        }
      },
      cancel() {
        call.abort(new Failure("client_gone"));
      },
    },
    { highWaterMark: 0 },
  );
}
