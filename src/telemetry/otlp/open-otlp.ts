import type { TimerSource } from "../../core/deadlines.ts";
import type { Attributes } from "./attributes.ts";
import { type BatchLimits, type BatchQueue, openBatchQueue } from "./batch-queue.ts";
import { writeJson } from "./json.ts";
import type { Message, MessageValue } from "./message.ts";
import { type CollectorFetch, createPost, type PostOptions } from "./post.ts";
import { writeProtobuf } from "./protobuf.ts";
import { createBatchSender } from "./send-batch.ts";

/** What is exported; each has a collector of its own. */
export type SignalName = "traces" | "logs";

/** How one signal is exported. */
export interface SignalOptions extends Omit<PostOptions, "tls"> {
  readonly timeoutMs: number;
}

export interface OtlpOptions {
  readonly signals: Readonly<Partial<Record<SignalName, SignalOptions>>>;
  readonly tls: PostOptions["tls"];
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
  /** Goes out like this from now on; before, it waits. */
  goesOutBy(fetch: CollectorFetch): void;
  /** How many spans, log records and so on were dropped. */
  dropped(): Readonly<Partial<Record<SignalName, number>>>;
  /** Sends what waits, for so many milliseconds at most. */
  close(milliseconds: number): Promise<void>;
}

export function openOtlp(options: OtlpOptions, { timers, clock, random, onChange }: OtlpParts): Otlp {
  const queues = new Map<SignalName, Pick<BatchQueue<never>, "dropped" | "close">>();
  let way: CollectorFetch | undefined;
  const wayNow = (): CollectorFetch => {
    if (!way) throw new Error("there is no way out yet");
    return way;
  };

  return {
    open<Item>(signal: SignalName, { message, value, weigh }: SignalBody<Item>) {
      const how = options.signals[signal];
      if (!how || queues.has(signal)) throw new Error(`${signal} are not to be exported, or twice`);
      const { timeoutMs, ...post } = how;
      const write = (items: readonly Item[]): Uint8Array<ArrayBuffer> => {
        const body = value(items, options);
        return how.isJson ? new TextEncoder().encode(writeJson(message, body)) : writeProtobuf(message, body);
      };
      const sender = createBatchSender({
        post: createPost({ ...post, tls: options.tls }, wayNow, clock),
        ...{ timers, timeoutMs, random },
      });
      const queue = openBatchQueue<Item>({
        ...{ sender, write, timers, limits: options.limits },
        ...(weigh && { weigh }),
        onChange: (problem) => onChange(signal, problem),
      });
      queues.set(signal, queue);
      return queue;
    },
    goesOutBy(fetch) {
      way = fetch;
    },
    dropped: () => Object.fromEntries([...queues].map(([signal, queue]) => [signal, queue.dropped()])),
    async close(milliseconds) {
      await Promise.all([...queues.values()].map((queue) => queue.close(milliseconds)));
    },
  };
}
