import type { ResponseBody, BodyConsumer } from "../upstream/transport.ts";
import type { SecretMasker } from "../core/redact/secret-masker.ts";

/** Bytes searched at a time, at most 10 ms of work; a socket may bring half a megabyte at once. */
const MAX_TURN_BYTES = 64 * 1024;

/**
 * A body as it comes, except what `masker` masks. It holds back what may be the beginning of that, and while there is
 * more to be searched than one turn of the event loop should do, it asks the sender to wait.
 */
export function maskBody(body: ResponseBody, masker: SecretMasker): ResponseBody {
  /** What has come and has not been searched yet. */
  let waiting: Uint8Array[] = [];
  let isScheduled = false;
  let isPaused = false;
  let consumer: BodyConsumer | undefined;
  /** Called once nothing waits any more: how the body ended. */
  let ending: (() => void) | undefined;

  const search = (bytes: Uint8Array): void => {
    for (const piece of masker.push(bytes)) consumer?.write(piece);
  };

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(searchNext);
  };

  const searchNext = (): void => {
    isScheduled = false;
    const [first] = waiting;
    if (!first || isPaused) return;
    if (first.length > MAX_TURN_BYTES) waiting[0] = first.subarray(MAX_TURN_BYTES);
    else waiting.shift();
    search(first.subarray(0, MAX_TURN_BYTES));
    consumer?.flush();
    if (!consumer) return;
    if (waiting.length > 0) schedule();
    else if (ending) ending();
    else if (!isPaused) body.resume();
  };

  return {
    whole: undefined,
    consume(taker) {
      consumer = taker;
      body.consume({
        write(bytes) {
          if (waiting.length === 0 && bytes.length <= MAX_TURN_BYTES) return search(bytes);
          waiting.push(bytes);
          body.pause();
          schedule();
        },
        flush() {
          if (waiting.length === 0) taker.flush();
        },
        end() {
          ending = () => {
            for (const piece of masker.end()) taker.write(piece);
            taker.flush();
            taker.end();
          };
          if (waiting.length === 0) ending();
        },
        fail(error) {
          ending = () => taker.fail(error);
          // Data that the client does not read must not delay the failure.
          if (isPaused) waiting = [];
          if (waiting.length === 0) ending();
        },
      });
    },
    pause() {
      isPaused = true;
      body.pause();
    },
    resume() {
      isPaused = false;
      if (waiting.length > 0) schedule();
      else if (!ending) body.resume();
    },
    cancel() {
      waiting = [];
      consumer = undefined;
      body.cancel();
    },
  };
}
