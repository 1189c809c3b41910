import type { TraceParent } from "./trace-context.ts";

/** As `OTEL_TRACES_SAMPLER` names them. */
export type SamplerName = `${"" | "parentbased_"}${"always_on" | "always_off" | "traceidratio"}`;

export interface SamplerOptions {
  readonly sampler: SamplerName;
  /** From 0 to 1: how many traces are sampled by `traceidratio`. */
  readonly ratio: number;
}

/** Decides whether the spans of a trace are recorded, alike in every service that uses the same ratio. */
export type Sample = (traceId: string, parent: TraceParent | undefined) => boolean;

/** The same of a trace that begins in the gateway, whose id lies there as 16 bytes. */
export type SampleNew = (bytes: Uint8Array, at: number) => boolean;

/** The part of an id that is compared: its last seven bytes, which are random. */
const COMPARED_DIGITS = 14;
const COMPARED_BYTES = COMPARED_DIGITS / 2;
const ID_BYTES = 16;
const COMPARED_VALUES = 2n ** 56n;
/** A ratio is a double, which has so many steps. */
const STEPS = 2 ** 53;

/**
 * Creates a sampler. A ratio samples the traces with the largest ids, so that one of a service with a smaller ratio is
 * sampled by all with a larger one. https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function createSampler(options: SamplerOptions): Sample {
  const first = firstSampled(options);
  // Ids are in lower-case digits, whose order as texts is that of their numbers.
  const isSampled = (id: string): boolean => first !== undefined && id.slice(-COMPARED_DIGITS) >= first;
  if (!options.sampler.startsWith("parentbased_")) return isSampled;
  return (traceId, parent) => (parent ? parent.isSampled : isSampled(traceId));
}

/** Creates a sampler that decides alike for traces that have no parent. */
export function createNewSampler(options: SamplerOptions): SampleNew {
  const first = firstSampled(options);
  if (first === undefined) return () => false;
  const least = Buffer.from(first, "hex");
  return (bytes, at) => {
    const comparedAt = at + ID_BYTES - COMPARED_BYTES;
    for (let index = 0; index < COMPARED_BYTES; index++) {
      const difference = (bytes[comparedAt + index] ?? 0) - (least[index] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return true;
  };
}

/** What is compared of the least id that is sampled without a parent; undefined if none is. */
function firstSampled({ sampler, ratio }: SamplerOptions): string | undefined {
  if (sampler.endsWith("always_off")) return undefined;
  const share = sampler.endsWith("always_on") ? 1 : ratio;
  const rejected = (BigInt(Math.round((1 - share) * STEPS)) * COMPARED_VALUES) / BigInt(STEPS);
  return rejected === COMPARED_VALUES ? undefined : rejected.toString(16).padStart(COMPARED_DIGITS, "0");
}
