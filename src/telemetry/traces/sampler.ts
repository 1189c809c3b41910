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

/** The part of an id that is compared: its last seven bytes, which are random. */
const COMPARED_DIGITS = 14;
const COMPARED_VALUES = 2n ** 56n;
/** A ratio is a double, which has so many steps. */
const STEPS = 2 ** 53;

/**
 * Creates a sampler. A ratio samples the traces with the largest ids, so that one of a service with a smaller ratio is
 * sampled by all with a larger one. https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function createSampler({ sampler, ratio }: SamplerOptions): Sample {
  const sampleRoot = rootSampler(sampler, ratio);
  if (!sampler.startsWith("parentbased_")) return sampleRoot;
  return (traceId, parent) => (parent ? parent.isSampled : sampleRoot(traceId, undefined));
}

function rootSampler(sampler: SamplerName, ratio: number): Sample {
  if (sampler.endsWith("always_on")) return () => true;
  if (sampler.endsWith("always_off")) return () => false;
  const rejected = (BigInt(Math.round((1 - ratio) * STEPS)) * COMPARED_VALUES) / BigInt(STEPS);
  if (rejected === COMPARED_VALUES) return () => false;
  // Ids are in lower-case digits, whose order as texts is that of their numbers.
  const first = rejected.toString(16).padStart(COMPARED_DIGITS, "0");
  return (traceId) => traceId.slice(-COMPARED_DIGITS) >= first;
}
