import type { TimerSource } from "../../core/deadlines.ts";
import type { Attributes } from "./attributes.ts";
import { type BatchLimits, type BatchQueue, openBatchQueue } from "./batch-queue.ts";
import { writeJson } from "./json.ts";
import type { Message, MessageValue } from "./message.ts";
import { type CollectorFetch, createPost, type PostOptions } from "./post.ts";
import { writeProtobuf } from "./protobuf.ts";
import { openPeriodicExport, type PeriodicExport, type WriteExport } from "./periodic-export.ts";
import { type BatchSender, createBatchSender } from "./send-batch.ts";

/** What is exported; each has a collector of its own. */
export type SignalName = "traces" | "metrics" | "logs";

/** How one signal is exported. */
export interface SignalOptions extends PostOptions {
  /** Of one request. */
  readonly timeoutMs: number;
}

export interface OtlpOptions {
  readonly signals: Readonly<Partial<Record<SignalName, SignalOptions>>>;
  readonly limits: BatchLimits;
  /** What all that is exported is about. */
  readonly resource: Attributes;
  /** What has made it: its name and version. */
  readonly scope: { readonly name: string; readonly version: string };
}

export interface OtlpParts {
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly random: () => number;
  /** See `onChange` of a {@link BatchQueue}. */
  readonly onChange: (signal: SignalName, problem: string | undefined) => void;
}

/** How a signal is exported now and then. */
export interface PeriodicOptions {
  readonly intervalMs: number;
  /** Of one export, with all its attempts. */
  readonly timeoutMs: number;
}

/** What makes the body of a request of the items of one signal. */
export interface SignalBody<Item> {
  readonly message: Message;
  readonly value: (items: readonly Item[], about: Pick<OtlpOptions, "resource" | "scope">) => MessageValue;
  readonly weigh?: (item: Item) => number;
}

/** The way to the collectors. */
export interface Otlp {
  /** Opens the queue of a signal. To be called once for each of the options. */
  open<Item>(signal: SignalName, body: SignalBody<Item>): BatchQueue<Item>;
  /** Exports now and then, from when something goes out. To be called once at most for a signal, and not beside `open`. */
  openPeriodic(signal: SignalName, write: WriteExport, how: PeriodicOptions): void;
  /** Goes out like this from now on; before, it waits. */
  goesOutBy(fetch: CollectorFetch): void;
  /** How many spans, log records and so on were dropped. */
  dropped(): Readonly<Partial<Record<SignalName, number>>>;
  /** Sends what waits, for so many milliseconds at most. */
  close(milliseconds: number): Promise<void>;
}

export function openOtlp(options: OtlpOptions, { timers, clock, random, onChange }: OtlpParts): Otlp {
  const queues = new Map<SignalName, Pick<BatchQueue<never>, "dropped" | "close">>();
  const periodic = new Map<SignalName, PeriodicExport>();
  let way: CollectorFetch | undefined;
  const wayNow = (): CollectorFetch => {
    if (!way) throw new Error("there is no way out yet");
    return way;
  };

  /** @param totalMs how long a batch may take with all its attempts */
  const senderOf = (signal: SignalName, totalMs?: number): BatchSender => {
    const how = options.signals[signal];
    if (!how || queues.has(signal) || periodic.has(signal)) {
      throw new Error(`${signal} are not to be exported, or twice`);
    }
    const { timeoutMs, ...post } = how;
    return createBatchSender({ post: createPost(post, wayNow, clock), timers, timeoutMs, random, totalMs });
  };

  return {
    open<Item>(signal: SignalName, { message, value, weigh }: SignalBody<Item>) {
      const sender = senderOf(signal);
      const isJson = options.signals[signal]?.isJson ?? false;
      const write = (items: readonly Item[]): Uint8Array<ArrayBuffer> => {
        const body = value(items, options);
        return isJson ? new TextEncoder().encode(writeJson(message, body)) : writeProtobuf(message, body);
      };
      const queue = openBatchQueue<Item>({
        sender,
        write,
        timers,
        limits: options.limits,
        ...(weigh && { weigh }),
        onChange: (problem) => onChange(signal, problem),
      });
      queues.set(signal, queue);
      return queue;
    },
    openPeriodic(signal, write, { intervalMs, timeoutMs }) {
      const sender = senderOf(signal, timeoutMs);
      const told = (problem: string | undefined): void => onChange(signal, problem);
      periodic.set(signal, openPeriodicExport({ sender, write, timers, intervalMs, onChange: told }));
    },
    goesOutBy(fetch) {
      way = fetch;
      for (const each of periodic.values()) each.start();
    },
    dropped: () => Object.fromEntries([...queues].map(([signal, queue]) => [signal, queue.dropped()])),
    async close(milliseconds) {
      await Promise.all([...queues.values(), ...periodic.values()].map((each) => each.close(milliseconds)));
    },
  };
}
