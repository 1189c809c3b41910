import type { TimerSource } from "../../core/deadlines.ts";
import { clearGauges, copyStore, createMetricStore, isCounted, mergeStore, type StoreCopy } from "./metric-store.ts";
import { FAMILY_ROWS } from "./families.ts";
import { createMetricsServer, type MetricsServer, type MetricsServerOptions } from "./metrics-server.ts";
import { createProcessMetrics } from "./process-metrics.ts";

/** What a worker is asked, and what it answers. */
export type ToMetricsWorker = { readonly kind: "metrics" };
export type FromMetricsWorker = { readonly kind: "metrics"; readonly copy: StoreCopy };

/**
 * The metrics of all workers, in the process that holds them together. Counts are sums, those of workers that have ended
 * included: they never go backwards. Of a worker that was killed they are what it said last.
 */
export interface MetricsHub extends MetricsServer {
  /** A worker has begun. @param send asks it */
  join(worker: number, send: (message: ToMetricsWorker) => void): void;
  /** A worker has answered, or says what it has counted before it ends. */
  hear(worker: number, message: FromMetricsWorker): void;
  leave(worker: number): void;
}

/** A worker that does not answer within this time is shown as it was when it last did. */
const ANSWER_MS = 2000;

interface Member {
  readonly send: (message: ToMetricsWorker) => void;
  /** As it last said. */
  copy: StoreCopy | undefined;
  hasAnswered: boolean;
}

export function createMetricsHub(options: MetricsServerOptions, timers: TimerSource): MetricsHub {
  const members = new Map<number, Member>();
  /** What workers have counted that have ended. */
  const ended = createMetricStore();
  /** What is shown. Its series stay, so that each is counted in the same place every time. */
  const shown = createMetricStore();
  const own = createMetricStore();
  const ownProcess = createProcessMetrics(own, timers, 0);
  let whenAnswered: (() => void) | undefined;

  const settle = (): void => {
    if ([...members.values()].every(({ hasAnswered }) => hasAnswered)) whenAnswered?.();
  };

  const ask = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    whenAnswered = resolve;
    const timer = timers.setTimer(resolve, ANSWER_MS);
    for (const member of members.values()) {
      member.hasAnswered = false;
      member.send({ kind: "metrics" });
    }
    settle();
    await promise;
    timers.clearTimer(timer);
    whenAnswered = undefined;
  };

  const server = createMetricsServer(options, async () => {
    await ask();
    for (const [name] of FAMILY_ROWS) shown[name].zero();
    clearGauges(shown);
    clearGauges(own);
    ownProcess.read();
    mergeStore(shown, copyStore(ended));
    mergeStore(shown, copyStore(own));
    for (const { copy } of members.values()) if (copy) mergeStore(shown, copy);
    return shown;
  });

  return {
    listen: server.listen,
    join: (worker, send) => void members.set(worker, { send, copy: undefined, hasAnswered: true }),
    hear(worker, { copy }) {
      const member = members.get(worker);
      if (!member) return;
      Object.assign(member, { copy, hasAnswered: true });
      settle();
    },
    leave(worker) {
      const copy = members.get(worker)?.copy;
      members.delete(worker);
      if (copy) mergeStore(ended, copy, isCounted);
      settle();
    },
    async close() {
      ownProcess.close();
      await server.close();
    },
  };
}
