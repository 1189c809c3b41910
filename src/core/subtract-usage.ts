import type { TokenUsage } from "./request-context.ts";

/** What a sum says without what was in it before. Nothing becomes less than 0: some counters begin anew. */
export function subtractUsage(sum: TokenUsage, before: TokenUsage | undefined): TokenUsage {
  if (!before) return sum;
  const names = Object.keys(sum) as (keyof TokenUsage)[];
  return Object.fromEntries(names.map((name) => [name, Math.max(0, (sum[name] ?? 0) - (before[name] ?? 0))]));
}
