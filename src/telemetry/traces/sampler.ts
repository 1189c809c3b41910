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

/** The bytes of an id that are compared are its last seven, which are random. */
const COMPARED_DIGITS = 14;
/** What a number holds exactly, so three bits are not compared. */
const COMPARED_VALUES = 2 ** 53;

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
  const rejected = Math.round((1 - ratio) * COMPARED_VALUES);
  return (traceId) => {
    const high = Number.parseInt(traceId.slice(-COMPARED_DIGITS, -6), 16);
    const low = Number.parseInt(traceId.slice(-6), 16);
    return high * 2 ** 21 + (low >>> 3) >= rejected;
  };
}
