import { heapGrowth } from "../../test/fixtures/ask-process-probe.ts";
import { type Finding, finding, mebibytes } from "../report/table.ts";
import { GROWTH_BYTES, type PhaseRecord } from "./phase.ts";
import type { SteadyRequest } from "./steady-requests.ts";

/** What a soak saw. */
export interface LoadedRecord extends PhaseRecord {
  /** Those that had to be answered as asked. */
  readonly requests: readonly SteadyRequest[];
}

/** What one phase of the abuse saw. */
export interface AbuseRecord extends LoadedRecord {
  readonly name: string;
  /** Hostile exchanges. */
  readonly abuses: number;
  /** The same chats, sent at the same times through a bare proxy on the same machine, which no abuse goes through. */
  readonly control: readonly SteadyRequest[];
}

/** Objects of one type that may have come up beside what one request leaves: caches that fill, code that was compiled. */
const MAX_OBJECTS_LEFT = 64;
const SLOW_MS = 250;
/** A slow request is the machine's fault if the control had one nearly as slow at the same time. */
const CONTROL_SHARE = 0.5;
const AROUND_MS = 500;

/** What one request in flight holds, and what none may leave behind. */
const REQUEST_OBJECTS = [
  ...["Timeout", "AbortController", "AbortSignal", "Request", "Response", "Headers", "ReadableStream", "Promise"],
  ...["ReadableStreamDefaultReader", "Uint8Array", "ArrayBuffer", "AsyncFunctionGenerator"],
];

/** What was wrong with requests, told apart: blank if nothing was. */
export function describeFaults(requests: readonly SteadyRequest[]): string {
  const faulty = requests.filter(({ fault }) => fault !== undefined);
  const faults = Map.groupBy(faulty, ({ kind, fault }) => `${kind}: ${fault}`);
  return [...faults].map(([fault, { length }]) => `; but ${length} x ${fault}`).join("");
}

/** What every load has to leave behind it: every request answered as it had to be, no socket, and a process that ends. */
function judgePhase({ requests, before, after, exitCode, drainSeconds }: LoadedRecord): readonly Finding[] {
  const faults = describeFaults(requests);
  const growth = after.residentBytes - before.residentBytes;
  return [
    finding(requests.length > 0 && faults === "", `${requests.length} requests, each ended as it had to${faults}`),
    finding(after.sockets <= before.sockets, `sockets at rest: ${before.sockets} before, ${after.sockets} after`),
    finding(
      growth <= GROWTH_BYTES,
      `resident memory at rest grew by ${mebibytes(growth)} MiB, may by ${mebibytes(GROWTH_BYTES)}`,
    ),
    finding(exitCode === 0, `asked to end, it ended with ${exitCode ?? "a kill"} after ${drainSeconds.toFixed(2)} s`),
  ];
}

function judgeObjects({ before: { objects: before }, after: { objects: after } }: PhaseRecord): Finding {
  if (before === undefined || after === undefined) return finding(true, "objects: not told by a binary");
  const left = heapGrowth(before, after).filter(([type]) => REQUEST_OBJECTS.includes(type));
  const holds = left.every(([, count]) => count <= MAX_OBJECTS_LEFT);
  const shown = left.map(([type, count]) => `${type} ${count}`).join(", ");
  return finding(holds, `objects left behind, at most ${MAX_OBJECTS_LEFT} of a type: ${shown}`);
}

/** Judges a soak: every finding has to hold. */
export const judgeSoak = (record: LoadedRecord): readonly Finding[] => [...judgePhase(record), judgeObjects(record)];

/**
 * Those requests that took too long because of what others asked of the gateway: the time in which the machine had no CPU for
 * it does not count, nor do those at whose time the bare proxy was slow too.
 */
export function slowAlone(requests: readonly SteadyRequest[], control: readonly SteadyRequest[]): SteadyRequest[] {
  return requests.filter(({ startedAt, milliseconds, waitedForCpuMs }) => {
    const ownMs = milliseconds - waitedForCpuMs;
    if (ownMs <= SLOW_MS) return false;
    const meanwhile = control.filter(
      (other) =>
        other.startedAt <= startedAt + milliseconds + AROUND_MS &&
        other.startedAt + other.milliseconds >= startedAt - AROUND_MS,
    );
    return meanwhile.every((other) => other.milliseconds < ownMs * CONTROL_SHARE);
  });
}

/** Judges one phase of the abuse: every finding has to hold. */
export function judgeAbuse(record: AbuseRecord): readonly Finding[] {
  const { name, requests, control, longestTurnMs } = record;
  const chats = requests.filter(({ kind }) => kind === "chat");
  const slow = slowAlone(chats, control).map(({ milliseconds }) => milliseconds);
  const findings = [
    ...judgePhase(record),
    finding(
      slow.length === 0,
      `${slow.length} chats took more than ${SLOW_MS} ms while a bare proxy did not, up to ${Math.max(0, ...slow).toFixed(0)} ms`,
    ),
    finding(
      (longestTurnMs ?? 0) <= SLOW_MS,
      `the longest turn of the event loop took ${longestTurnMs?.toFixed(0) ?? "-"} ms of CPU time`,
    ),
  ];
  return findings.map(({ holds, text }) => finding(holds, `${name}: ${text}`));
}
