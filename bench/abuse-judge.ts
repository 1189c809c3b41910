import type { SoakFinding } from "./soak-judge.ts";

/** One request of the client that does nothing wrong. Times by `performance.now()`, in milliseconds. */
export interface HealthyRequest {
  readonly startedAt: number;
  readonly milliseconds: number;
  /** How much of it the main thread of whoever answers was ready to run but had no CPU, because of other processes. */
  readonly waitedForCpuMs: number;
  /** What was wrong with its answer. */
  readonly fault?: string | undefined;
}

/** What one phase of the abuse saw. */
export interface AbuseRecord {
  readonly name: string;
  /** Hostile exchanges. */
  readonly abuses: number;
  readonly chats: readonly HealthyRequest[];
  readonly streams: readonly HealthyRequest[];
  /** The same chats, sent at the same times through a bare proxy on the same machine, which no abuse goes through. */
  readonly control: readonly HealthyRequest[];
  /** CPU time within the longest turn of the event loop; `undefined` where nobody watched it. */
  readonly longestTurnMs: number | undefined;
  readonly before: AbuseRest;
  readonly after: AbuseRest;
  /** Of the process that was asked to end; `undefined` where it had to be killed. */
  readonly exitCode: number | undefined;
}

/** The gateway at rest, without any client. */
export interface AbuseRest {
  readonly residentBytes: number;
  readonly sockets: number;
}

const MIB = 1048576;
const SLOW_MS = 250;
const GROWTH_BYTES = 20 * MIB;
/** A slow request is the machine's fault if the control had one nearly as slow at the same time. */
const CONTROL_SHARE = 0.5;
const AROUND_MS = 500;

/**
 * Those requests that took too long because of what others asked of the gateway: the time in which the machine had no CPU for
 * it does not count, nor do those at whose time the bare proxy was slow too.
 */
export function slowAlone(
  requests: readonly HealthyRequest[],
  control: readonly HealthyRequest[],
): readonly HealthyRequest[] {
  return requests.filter(({ startedAt, milliseconds, waitedForCpuMs }) => {
    const ownMs = milliseconds - waitedForCpuMs;
    if (ownMs <= SLOW_MS) return false;
    const slowest = control.reduce((most, other) => {
      const meets =
        other.startedAt <= startedAt + milliseconds + AROUND_MS &&
        other.startedAt + other.milliseconds >= startedAt - AROUND_MS;
      return meets ? Math.max(most, other.milliseconds) : most;
    }, 0);
    return slowest < ownMs * CONTROL_SHARE;
  });
}

function countFaults(requests: readonly HealthyRequest[]): string {
  const counts = new Map<string, number>();
  for (const { fault } of requests) if (fault !== undefined) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return [...counts].map(([fault, count]) => `; but ${count} x ${fault}`).join("");
}

/** Judges one phase: every finding has to hold. */
export function judgeAbuse(record: AbuseRecord): readonly SoakFinding[] {
  const { name, chats, streams, control, longestTurnMs, before, after, exitCode } = record;
  const healthy = [...chats, ...streams];
  const slow = slowAlone(chats, control);
  const slowest = slow.reduce((most, { milliseconds }) => Math.max(most, milliseconds), 0);
  const growth = after.residentBytes - before.residentBytes;
  return [
    {
      holds: healthy.length > 0 && healthy.every(({ fault }) => fault === undefined),
      text: `${name}: ${healthy.length} healthy requests, each answered${countFaults(healthy)}`,
    },
    {
      holds: slow.length === 0,
      text: `${name}: ${slow.length} chats took more than ${SLOW_MS} ms while a bare proxy did not, up to ${slowest.toFixed(0)} ms`,
    },
    {
      holds: longestTurnMs === undefined || longestTurnMs <= SLOW_MS,
      text: `${name}: the longest turn of the event loop took ${longestTurnMs?.toFixed(0) ?? "-"} ms of CPU time`,
    },
    {
      holds: growth <= GROWTH_BYTES,
      text: `${name}: resident memory at rest grew by ${(growth / MIB).toFixed(1)} MiB, may by ${GROWTH_BYTES / MIB}`,
    },
    {
      holds: after.sockets <= before.sockets,
      text: `${name}: sockets at rest: ${before.sockets} before, ${after.sockets} after`,
    },
    { holds: exitCode === 0, text: `${name}: asked to end, it ended with ${exitCode ?? "a kill"}` },
  ];
}
