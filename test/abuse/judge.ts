import { type AbuseCase, type Exchange, GROWTH } from "./abuse-case.ts";
import type { Measurement } from "./measured-gateway.ts";

/** What no turn of the event loop may exceed, in CPU time of the main thread, on a machine that does nothing else. */
const TURN_MS = 50;
/** A turn in which a library parses JSON may take so many times what a bare parse takes, in addition. */
const PARSE_SHARE = 1.5;
/** What grows with the size is well within this, what grows with its square far beyond. */
const MOST_GROWTH = GROWTH * 1.5;
/** What does not depend on the size: side requests, timers, the collector's mood, code that is compiled. */
const CONSTANT_CPU_MS = 150;
const MIB = 1024 * 1024;
const CONSTANT_BYTES = 64 * MIB;
/** Memory that one byte of input may take: received, decompressed, decoded, parsed, and joined to be sent on. */
const BYTES_PER_BYTE = 10;

/** One exchange and what it cost. */
export interface Run {
  readonly exchange: Exchange;
  readonly measurement: Measurement;
}

/** CPU time that the runtime takes to decode and parse these bytes, in milliseconds. */
function bareParseMs(bytes: Uint8Array): number {
  const before = process.threadCpuUsage();
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Not JSON: what was spent counts all the same.
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/**
 * Judges one case by its two runs.
 * @param slowness of the gateway at the time, as `slownessOf` tells it
 * @returns what is wrong, in words with figures; empty where nothing is
 */
export function judge({ statuses }: Pick<AbuseCase, "statuses">, small: Run, large: Run, slowness = 1): string[] {
  const problems: string[] = [];
  for (const { exchange, measurement } of [small, large]) {
    const size = `${(exchange.bytes / MIB).toFixed(2)} MiB`;
    const strange = measurement.statuses.filter((status) => !statuses.includes(status));
    if (strange.length > 0)
      problems.push(`${size}: status ${[...new Set(strange)].join(", ")}, not ${statuses.join(" or ")}`);
    problems.push(...new Set(measurement.faults.map((fault) => `${size}: ${fault}`)));
    const turnMs =
      (exchange.turnMs ?? TURN_MS) * slowness +
      (exchange.parsed === undefined ? 0 : PARSE_SHARE * bareParseMs(exchange.parsed));
    if (measurement.longestTurnMs > turnMs) {
      problems.push(`${size}: a turn of ${measurement.longestTurnMs.toFixed(0)} ms, may be ${turnMs.toFixed(0)}`);
    }
    const bytes = CONSTANT_BYTES + BYTES_PER_BYTE * exchange.bytes;
    if (measurement.memoryBytes > bytes) {
      problems.push(`${size}: ${mebibytes(measurement.memoryBytes)} of memory, may be ${mebibytes(bytes)}`);
    }
  }
  const cpuMs = small.measurement.cpuMs * MOST_GROWTH + CONSTANT_CPU_MS * slowness;
  if (large.measurement.cpuMs > cpuMs) {
    problems.push(
      `${GROWTH} times the size took ${large.measurement.cpuMs.toFixed(0)} ms of CPU time after ` +
        `${small.measurement.cpuMs.toFixed(0)}, may be ${cpuMs.toFixed(0)}`,
    );
  }
  const bytes = small.measurement.memoryBytes * MOST_GROWTH + CONSTANT_BYTES;
  if (large.measurement.memoryBytes > bytes) {
    problems.push(
      `${GROWTH} times the size took ${mebibytes(large.measurement.memoryBytes)} of memory after ` +
        `${mebibytes(small.measurement.memoryBytes)}`,
    );
  }
  return problems;
}

const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`;
