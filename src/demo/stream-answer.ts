import type { StreamEvent } from "./write-events.ts";

/** Waits some milliseconds, or less: it settles as soon as the signal aborts, and never rejects. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Waits by the real clock. */
export function waitByClock(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
  });
}

/** How fast a stream goes, and whose leaving ends it. */
export interface StreamPace {
  /** Milliseconds before each paced event. */
  readonly paceMs: number;
  readonly wait: Wait;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** Streams events as bytes, one chunk each, no faster than they are read; stops at once when the reader or the client leaves. */
export function streamAnswer(
  events: Iterator<StreamEvent, void>,
  pace: StreamPace,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  let cancelled = false;
  if (pace.signal.aborted) leave();
  pace.signal.addEventListener("abort", leave, { once: true });
  const end = (): void => {
    pace.signal.removeEventListener("abort", leave);
    events.return?.();
  };
  return new ReadableStream(
    {
      async pull(controller) {
        const next = leaving.signal.aborted ? undefined : events.next();
        if (next?.done === false && next.value.paced) await pace.wait(pace.paceMs, leaving.signal);
        if (cancelled) return;
        if (next === undefined || next.done === true || leaving.signal.aborted) {
          end();
          controller.close();
          return;
        }
        controller.enqueue(encoder.encode(next.value.text));
      },
      cancel() {
        cancelled = true;
        leave();
        end();
      },
    },
    { highWaterMark: 0 },
  );
}
