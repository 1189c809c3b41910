import type { ProcessSample } from "./measure-process.ts";
import { median } from "./statistics.ts";
import type { Target } from "./targets.ts";

/** Start-up and memory of one target. */
export interface ProcessRow {
  readonly target: string;
  readonly startMilliseconds: number | undefined;
  readonly idleBytes: number | undefined;
  readonly warmBytes: number | undefined;
  readonly openBytes: number | undefined;
  readonly openStreams: number;
  readonly bytesPerStream: number | undefined;
  readonly binaryBytes: number | undefined;
}

/** Puts the starts of each target together. */
export function summariseProcess(targets: readonly Target[], all: readonly ProcessSample[]): ProcessRow[] {
  return targets.flatMap(({ name, binaryBytes }) => {
    const own = all.filter(({ target }) => target === name);
    if (own.length === 0) return [];
    const warmBytes = median(own.map((sample) => sample.warmBytes));
    const openBytes = median(own.map((sample) => sample.openBytes));
    const openStreams = median(own.map((sample) => sample.openStreams)) ?? 0;
    return {
      target: name,
      startMilliseconds: median(own.map((sample) => sample.startMilliseconds)),
      idleBytes: median(own.map((sample) => sample.idleBytes)),
      warmBytes,
      openBytes,
      openStreams,
      bytesPerStream:
        warmBytes === undefined || openBytes === undefined || openStreams === 0
          ? undefined
          : (openBytes - warmBytes) / openStreams,
      binaryBytes,
    };
  });
}
