import type { Deadlines } from "../core/deadlines.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { ResponseBody } from "../upstream/transport.ts";

/** How streams that are silent are kept alive. */
export interface Heartbeat {
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** Silence of a provider after which a sign of life is due, again and again, in milliseconds. */
  readonly intervalMs: number;
}

/** @param keepAliveMs 0 for none */
export function createHeartbeat(keepAliveMs: number, clock: Omit<Heartbeat, "intervalMs">): Heartbeat | undefined {
  return keepAliveMs > 0 ? { deadlines: clock.deadlines, now: clock.now, intervalMs: keepAliveMs } : undefined;
}

/**
 * For this long, in milliseconds, the head of a stream waits for its first byte: one that fails at once becomes an error
 * with its status, and one that begins at once gets nothing that the provider has not sent.
 */
const HEAD_GRACE_MS = 100;

/** For this long after it, what has come is read that a process with too much to do has not read before. In time of the machine. */
const LATE_MS = 20;

/** It ends for the streams of so many milliseconds together. */
const GRACE_STEP_MS = 25;

/**
 * When a sign of life is due for a stream that has just moved.
 * @param time the time now, if it has been read: each event needs it, and so does its call
 */
export function firstBeat({ now, intervalMs }: Heartbeat, time: number = now()): number {
  return time + intervalMs;
}

/** So many times within one interval further signs may fall due: each time is a look at all open deadlines, of every stream. */
const TIMES_PER_INTERVAL = 16;

/** When the next one is due for a stream that goes on being silent: up to a sixteenth earlier, together with others. */
export function nextBeat({ now, intervalMs }: Heartbeat): number {
  const step = intervalMs / TIMES_PER_INTERVAL;
  return Math.floor((now() + intervalMs) / step) * step;
}

/** How a stream begins: `empty` if it ended without a byte, `silent` if none has come yet. */
export type Beginning = "begun" | "empty" | "silent";

async function awaitFirstByte(body: ResponseBody): Promise<Beginning> {
  return (await body.keepUntil(isSome)) ? "begun" : "empty";
}

const isSome = (length: number): boolean => length > 0;

/**
 * Waits for the first byte of a stream, with a heartbeat not for long.
 * @throws Failure if it breaks off before
 */
export async function beginStream(
  body: ResponseBody,
  call: Pick<UpstreamCall, "becomeStream" | "explain">,
  heartbeat?: Heartbeat,
): Promise<Beginning> {
  call.becomeStream();
  try {
    return await (heartbeat ? awaitBeginning(body, heartbeat) : awaitFirstByte(body));
  } catch (error) {
    throw call.explain(error);
  }
}

function awaitBeginning(body: ResponseBody, { deadlines, now }: Heartbeat): Promise<Beginning> {
  if (body.keptBytes > 0) return Promise.resolve("begun");
  return new Promise((resolve, reject) => {
    const until = Math.ceil((now() + HEAD_GRACE_MS) / GRACE_STEP_MS) * GRACE_STEP_MS;
    const grace = deadlines.open(until, () => void setTimeout(resolve, LATE_MS, "silent"));
    awaitFirstByte(body)
      .then(resolve, reject)
      .finally(() => deadlines.release(grace));
  });
}
