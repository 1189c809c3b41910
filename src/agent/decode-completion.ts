import { Failure } from "../failure/failure.ts";
import { decodeObjectInTurns, type JsonObject } from "../json/decode-object.ts";
import { DEFAULT_JSON_LIMITS, describeExceeded, type JsonLimits } from "../json/json-limits.ts";

/**
 * Parses a provider's answer that came in one piece.
 * @returns undefined if it is no JSON object
 * @throws Failure `upstream_invalid_response` if it exceeds a limit
 */
export async function decodeCompletion(
  bytes: Uint8Array,
  limits: JsonLimits = DEFAULT_JSON_LIMITS,
): Promise<JsonObject | undefined> {
  const decoded = await decodeObjectInTurns(bytes, { limits });
  if ("value" in decoded) return decoded.value;
  if (decoded.fault !== "depth" && decoded.fault !== "values") return undefined;
  throw new Failure("upstream_invalid_response", {
    message: `The upstream server's answer ${describeExceeded(decoded.fault, limits)}`,
  });
}
