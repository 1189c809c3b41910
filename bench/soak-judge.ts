import { median } from "./statistics.ts";

/** Memory of the gateway at one moment of the soak. */
export interface SoakSample {
  /** Since the load began, warm-up left out. */
  readonly seconds: number;
  readonly residentBytes: number;
  readonly sockets: number;
}

/** The gateway at rest: after the warm-up, or after the load. Without any client and any open connection. */
export interface AtRest {
  readonly sockets: number;
  /** Objects on the heap by type, garbage left out; `undefined` for a binary, which cannot be asked. */
  readonly objects: Readonly<Record<string, number>> | undefined;
}

/** What the soak saw. */
export interface SoakRecord {
  readonly requests: number;
  /** Requests that ended otherwise than they had to, by kind and what was wrong. */
  readonly faults: Readonly<Record<string, number>>;
  readonly samples: readonly SoakSample[];
  readonly before: AtRest;
  readonly after: AtRest;
  /** Of the process that was asked to end when nothing was in flight; `undefined` where it did not within ten seconds. */
  readonly exitCode: number | undefined;
  readonly drainSeconds: number;
}

/** One thing that has to hold, and whether it does. */
export interface SoakFinding {
  readonly holds: boolean;
  readonly text: string;
}

const MIB = 1048576;
/** Memory may be higher in the last third than in the first by this share, or by this much where that is more. */
const GROWTH_SHARE = 0.1;
const GROWTH_BYTES = 6 * MIB;
/** Objects of one type that may have come up beside what one request leaves: caches that fill, code that was compiled. */
const LEFT_OBJECTS = 64;

/** What one request in flight holds, and what none may leave behind. */
const WATCHED = [
  "Timeout",
  "AbortController",
  "AbortSignal",
  "Request",
  "Response",
  "Headers",
  "ReadableStream",
  "ReadableStreamDefaultReader",
  "Promise",
  "Uint8Array",
  "ArrayBuffer",
  "AsyncFunctionGenerator",
] as const;

/** The middle values of the first, second and last third of the samples, in bytes. */
export function thirds(samples: readonly SoakSample[]): readonly (number | undefined)[] {
  const size = samples.length / 3;
  return [0, 1, 2].map((index) =>
    median(
      samples.slice(Math.round(index * size), Math.round((index + 1) * size)).map((sample) => sample.residentBytes),
    ),
  );
}

/** How memory grows, in bytes a second: the middle of the slopes between all pairs of samples, which outliers do not move. */
export function slope(samples: readonly SoakSample[]): number | undefined {
  const slopes: number[] = [];
  for (const [index, left] of samples.entries()) {
    for (const right of samples.slice(index + 1)) {
      slopes.push((right.residentBytes - left.residentBytes) / (right.seconds - left.seconds));
    }
  }
  return median(slopes);
}

const mebibytes = (bytes: number | undefined): string => (bytes === undefined ? "-" : (bytes / MIB).toFixed(1));

function judgeMemory(samples: readonly SoakSample[]): SoakFinding {
  const [first, second, last] = thirds(samples);
  const allowed = Math.max(GROWTH_BYTES, (first ?? 0) * GROWTH_SHARE);
  const hourly = slope(samples);
  return {
    holds: first !== undefined && last !== undefined && last - first <= allowed,
    text:
      `resident memory in thirds of the time: ${[first, second, last].map(mebibytes).join(", ")} MiB; ` +
      `slope ${mebibytes(hourly === undefined ? undefined : hourly * 3600)} MiB an hour; may grow by ${mebibytes(allowed)}`,
  };
}

function judgeObjects(before: AtRest["objects"], after: AtRest["objects"]): SoakFinding {
  if (before === undefined || after === undefined) return { holds: true, text: "objects: not told by a binary" };
  const left = WATCHED.map((type) => [type, (after[type] ?? 0) - (before[type] ?? 0)] as const);
  const tooMany = left.filter(([, count]) => count > LEFT_OBJECTS);
  const shown = (tooMany.length > 0 ? tooMany : left).map(([type, count]) => `${type} ${count > 0 ? "+" : ""}${count}`);
  return {
    holds: tooMany.length === 0,
    text: `objects left behind, at most ${LEFT_OBJECTS} of a type: ${shown.join(", ")}`,
  };
}

/** Judges a soak: every finding has to hold. */
export function judgeSoak(record: SoakRecord): readonly SoakFinding[] {
  const { faults, before, after, exitCode } = record;
  const faulty = Object.entries(faults);
  return [
    {
      holds: faulty.length === 0 && record.requests > 0,
      text: `${record.requests} requests, each ended as it had to${faulty.map(([fault, count]) => `; but ${count} x ${fault}`).join("")}`,
    },
    judgeMemory(record.samples),
    {
      holds: after.sockets <= before.sockets,
      text: `sockets at rest: ${before.sockets} before, ${after.sockets} after`,
    },
    judgeObjects(before.objects, after.objects),
    {
      holds: exitCode === 0,
      text:
        exitCode === undefined
          ? "asked to end with nothing in flight, it did not within ten seconds"
          : `asked to end with nothing in flight, it ended with ${exitCode} after ${record.drainSeconds.toFixed(2)} s`,
    },
  ];
}
