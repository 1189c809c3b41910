import type { TimerSource } from "../../core/deadlines.ts";
import type { MetricStore } from "./metric-store.ts";

/** What is measured of a process itself. */
export interface ProcessMetrics {
  /** Brings its series up to date. */
  read(): void;
  close(): void;
}

/** How often a timer is set to see how late it is. */
const SAMPLE_MS = 500;

const MICROSECONDS = 1e6;

/**
 * @param worker its number among several, 0 for the one that holds them together; undefined if it is alone
 */
export function createProcessMetrics(
  store: MetricStore,
  { now, setTimer, clearTimer }: TimerSource,
  worker: number | undefined,
): ProcessMetrics {
  const number = worker === undefined ? undefined : String(worker);
  const startedAt = Date.now() / 1000 - process.uptime();
  const cpu = store.cpuSeconds.slot([]);
  const delay = store.eventLoopDelay.slot([]);
  let timer: unknown;

  const sample = (): void => {
    const dueAt = now() + SAMPLE_MS;
    timer = setTimer(() => {
      store.eventLoopDelay.observe(delay, Math.max(0, now() - dueAt) / 1000);
      sample();
    }, SAMPLE_MS);
  };
  sample();

  return {
    read() {
      const { user, system } = process.cpuUsage();
      store.cpuSeconds.set(cpu, (user + system) / MICROSECONDS);
      store.residentMemory.set(store.residentMemory.slot([number]), process.memoryUsage.rss());
      store.startTime.set(store.startTime.slot([number]), startedAt);
    },
    close: () => clearTimer(timer),
  };
}
