import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** The sum of two usage objects, details included; of what is no number, the later one's. */
export function addUsage(earlier: JsonObject | undefined, later: JsonObject | undefined): JsonObject | undefined {
  if (!earlier || !later) return later ?? earlier;
  const sum: Record<string, unknown> = { ...earlier };
  for (const [name, value] of Object.entries(later)) sum[name] = add(earlier[name], value);
  return sum;
}

function add(earlier: unknown, later: unknown): unknown {
  if (typeof earlier === "number" && typeof later === "number") return earlier + later;
  if (isJsonObject(earlier) && isJsonObject(later)) return addUsage(earlier, later);
  return later ?? earlier;
}
