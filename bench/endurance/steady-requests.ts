import { percentile } from "../measure/statistics.ts";
import { waitedForCpuMs } from "../../test/fixtures/process-tree.ts";
import type { Client } from "./client.ts";

/** One request of those that are sent at a steady rate. Times by `performance.now()`, in milliseconds. */
export interface SteadyRequest<Name extends string = string> {
  readonly kind: Name;
  readonly startedAt: number;
  readonly milliseconds: number;
  /** How much of it the main thread of whoever answers was ready to run but had no CPU, because of other processes. */
  readonly waitedForCpuMs: number;
  /** What was wrong with its answer. */
  readonly fault?: string | undefined;
}

/** What is sent, and how often. */
export interface SteadyOptions<Name extends string> {
  readonly client: Client<Name>;
  /** The process that answers. */
  readonly pid: number;
  /** Requests a second. */
  readonly rate: number;
  /** The kind of the n-th request. */
  readonly kindOf: (index: number) => Name;
  /** How often one that failed is sent before it counts as not answered; once without it. */
  readonly tries?: number;
}

/** Percentiles (0 to 1) of how long requests of one kind took, in milliseconds. */
export function durations(requests: readonly SteadyRequest[], kind: string, shares: readonly number[]) {
  const sorted = Float64Array.from(requests.flatMap((one) => (one.kind === kind ? one.milliseconds : []))).sort();
  return shares.map((share) => percentile(sorted, share));
}

const RETRY_MS = 100;
const TICK_MS = 5;
const MAX_IN_FLIGHT = 500;

/** Sends requests at a steady rate, whatever comes back, until it is stopped; that resolves with all when the last has ended. */
export function sendSteadily<Name extends string>({ client, pid, rate, kindOf, tries = 1 }: SteadyOptions<Name>) {
  const sent: SteadyRequest<Name>[] = [];
  const pending = new Set<Promise<void>>();
  const one = async (kind: Name): Promise<void> => {
    const startedAt = performance.now();
    const waitedMs = waitedForCpuMs(pid);
    const exchange = () => client.exchange(kind).catch(String);
    let fault = pending.size >= MAX_IN_FLIGHT ? "not sent: too many in flight" : await exchange();
    for (let left = tries - 1; left > 0 && fault !== undefined; left -= 1) {
      // Other connections to the same process may not know yet that it is gone.
      client.closeIdle();
      await Bun.sleep(RETRY_MS);
      fault = await exchange();
    }
    const milliseconds = performance.now() - startedAt;
    sent.push({ kind, startedAt, milliseconds, waitedForCpuMs: waitedForCpuMs(pid) - waitedMs, fault });
  };
  const beganAt = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    for (; begun < ((performance.now() - beganAt) / 1000) * rate; begun += 1) {
      const request = one(kindOf(begun)).finally(() => pending.delete(request));
      pending.add(request);
    }
  }, TICK_MS);
  return {
    async stop(): Promise<readonly SteadyRequest<Name>[]> {
      clearInterval(timer);
      await Promise.all(pending);
      client.closeIdle();
      return sent;
    },
  };
}
