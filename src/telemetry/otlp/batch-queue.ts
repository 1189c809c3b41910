import type { TimerSource } from "../../core/deadlines.ts";
import type { BatchSender, Sent } from "./send-batch.ts";

/** Items on their way to a collector. */
export interface BatchQueue<Item> {
  /** Takes items; those for which there is no room are dropped, and counted. */
  add(items: readonly Item[]): void;
  /** How many were dropped: for lack of room, or because the collector did not take them. */
  dropped(): number;
  /** Sends what is there; what is not sent after so many milliseconds is dropped. Nothing is taken any more. */
  close(milliseconds: number): Promise<void>;
}

export interface BatchQueueParts<Item> {
  readonly sender: BatchSender;
  readonly write: (items: readonly Item[]) => Uint8Array<ArrayBuffer>;
  readonly timers: TimerSource;
  readonly limits: BatchLimits;
  /** The room that an item takes; 1 unless given. */
  readonly weigh?: (item: Item) => number;
  /** The collector does not take items, for another reason than before; or takes them again, if `problem` is undefined. */
  readonly onChange: (problem: string | undefined) => void;
}

/** The names in OpenTelemetry's specification are those of the settings that begin with `OTEL_BSP_`. */
export interface BatchLimits {
  /** Items wait so long for others. */
  readonly delayMs: number;
  /** So much may wait. */
  readonly maxQueued: number;
  /** So many are sent at once. */
  readonly maxBatch: number;
}

/** Opens a queue that sends one batch after another. */
export function openBatchQueue<Item>(parts: BatchQueueParts<Item>): BatchQueue<Item> {
  const { sender, timers, limits, weigh = () => 1, onChange } = parts;
  const { delayMs, maxQueued, maxBatch } = limits;
  let waiting: Item[] = [];
  let weight = 0;
  let dropped = 0;
  let timer: unknown;
  let running: Promise<void> | undefined;
  let isClosed = false;
  let problem: string | undefined;

  const tell = (now: string | undefined): void => {
    if (now === problem) return;
    problem = now;
    onChange(now);
  };

  const sendFirst = async (): Promise<void> => {
    const batch = waiting.slice(0, maxBatch);
    waiting = waiting.slice(maxBatch);
    for (const item of batch) weight -= weigh(item);
    const sent = await send(batch, parts);
    dropped += sent.problem === undefined ? Math.min(sent.rejected, batch.length) : batch.length;
    tell(sent.problem);
  };

  /** Until what is left is too little for a batch. */
  const sendFull = async (): Promise<void> => {
    do await sendFirst();
    while (waiting.length >= maxBatch);
  };

  const run = (): void => {
    timers.clearTimer(timer);
    timer = undefined;
    running ??= sendFull().finally(() => {
      running = undefined;
      arm();
    });
  };

  const arm = (): void => {
    if (isClosed || waiting.length === 0 || running !== undefined) return;
    if (waiting.length >= maxBatch) run();
    else timer ??= timers.setTimer(run, delayMs);
  };

  return {
    add(items) {
      for (const item of items) {
        const size = weigh(item);
        if (isClosed || weight + size > maxQueued) dropped += 1;
        else {
          waiting.push(item);
          weight += size;
        }
      }
      arm();
    },
    dropped: () => dropped,
    async close(milliseconds) {
      isClosed = true;
      timers.clearTimer(timer);
      const last = timers.setTimer(sender.end, milliseconds);
      sender.hurry(milliseconds);
      await running;
      while (waiting.length > 0) await sendFirst();
      timers.clearTimer(last);
    },
  };
}

/** Never throws: a batch that cannot be written must not hold up the others. */
async function send<Item>(
  batch: readonly Item[],
  { sender, write }: Pick<BatchQueueParts<Item>, "sender" | "write">,
): Promise<Sent> {
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = write(batch);
  } catch {
    return { rejected: 0, problem: "a batch cannot be written" };
  }
  return sender.send(body);
}
