import type { TimerSource } from "../../core/deadlines.ts";
import type { Post, PostResult } from "./post.ts";

/** What became of a batch. */
export interface Sent {
  /** How many of its items the collector did not take although it has taken the batch. */
  readonly rejected: number;
  /** Why it was not taken; undefined if it was. */
  readonly problem: string | undefined;
}

/** Sends a batch, again if the collector may take it later. Never throws. */
export type SendBatch = (body: Uint8Array<ArrayBuffer>) => Promise<Sent>;

/** Sends batches until there is no more time. */
export interface BatchSender {
  readonly send: SendBatch;
  /** From now on nothing is sent again later, and all ends after so many milliseconds. */
  hurry(milliseconds: number): void;
  /** Ends what is under way. */
  end(): void;
}

export interface BatchSenderParts {
  readonly post: Post;
  readonly timers: TimerSource;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a batch may take with all its attempts, in milliseconds; unless given, as long as these take. */
  readonly totalMs?: number | undefined;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
}

const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 1000;
/** A collector that asks for a longer pause loses the batch: others wait behind it. */
const MAX_PAUSE_MS = 30_000;

export function createBatchSender(parts: BatchSenderParts): BatchSender {
  const { post, timers, timeoutMs, totalMs = Number.POSITIVE_INFINITY, random } = parts;
  let isHurried = false;
  let hurryUntil = Number.POSITIVE_INFINITY;
  let wake: (() => void) | undefined;
  let endPost: (() => void) | undefined;

  /** The runtime does not end every request that its signal is to end. */
  const postOnce = async (body: Uint8Array<ArrayBuffer>, endsAt: number): Promise<PostResult> => {
    const controller = new AbortController();
    const late = Promise.withResolvers<PostResult>();
    endPost = () => {
      controller.abort();
      late.resolve({ kind: "later", problem: "it takes too long to answer" });
    };
    const timer = timers.setTimer(endPost, Math.min(timeoutMs, Math.min(endsAt, hurryUntil) - timers.now()));
    try {
      return await Promise.race([post(body, controller.signal), late.promise]);
    } finally {
      timers.clearTimer(timer);
      endPost = undefined;
    }
  };

  const pause = async (milliseconds: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = timers.setTimer(resolve, milliseconds);
    wake = resolve;
    await promise;
    wake = undefined;
    timers.clearTimer(timer);
  };

  return {
    async send(body) {
      const endsAt = timers.now() + totalMs;
      for (let tries = 1; ; tries++) {
        if (timers.now() >= Math.min(endsAt, hurryUntil)) return { rejected: 0, problem: "there is no time left" };
        const result = await postOnce(body, endsAt);
        if (result.kind === "taken") return { rejected: result.rejected, problem: undefined };
        const { problem } = result;
        if (result.kind === "refused" || tries === MAX_TRIES || isHurried) return { rejected: 0, problem };
        // Not all gateways at once.
        const own = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random() / 2);
        const wanted = result.retryAfterMs ?? own;
        if (wanted > MAX_PAUSE_MS || timers.now() + wanted >= endsAt) return { rejected: 0, problem };
        await pause(wanted);
      }
    },
    hurry(milliseconds) {
      isHurried = true;
      hurryUntil = timers.now() + milliseconds;
      wake?.();
    },
    end() {
      hurryUntil = Number.NEGATIVE_INFINITY;
      endPost?.();
      wake?.();
    },
  };
}
