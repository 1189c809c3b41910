/** How much structure the gateway reads in one JSON text, whoever wrote it. */
export interface JsonLimits {
  /** Most levels of nested arrays and objects (`SERVER_MAX_JSON_DEPTH`). */
  readonly depth: number;
  /** Most values, nested ones and the outermost included (`SERVER_MAX_JSON_VALUES`). */
  readonly values: number;
}

/** The defaults of the settings; also the limits of texts too short for an operator to care: errors, usage, arguments. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { depth: 64, values: 1_000_000 };

/** Which limit a JSON text exceeds. */
export type ExceededLimit = keyof JsonLimits;

/** Goes on from the name of a text: "is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)". */
export function describeExceeded(limit: ExceededLimit, limits: JsonLimits): string {
  return limit === "depth"
    ? `is nested deeper than ${limits.depth} levels (SERVER_MAX_JSON_DEPTH)`
    : `holds more than ${limits.values} values (SERVER_MAX_JSON_VALUES)`;
}
