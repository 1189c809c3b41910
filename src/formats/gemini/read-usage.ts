import type { TokenUsage } from "../../core/request-context.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { numberOf } from "../../core/json/values.ts";
import { toTokenUsage } from "../form/token-usage.ts";
import { readUsageAt } from "../usage.ts";
import { readUsage } from "./usage.ts";

const MARK = Buffer.from('"usageMetadata"');

/** Finds the usage in the last bytes of an answer of this API, without decoding the rest. */
export const readUsageMetadata = (bytes: Uint8Array): TokenUsage | undefined => readUsageAt(bytes, MARK, readMetadata);

function readMetadata(metadata: JsonObject): TokenUsage | undefined {
  const usage = readUsage(metadata);
  const total = numberOf(metadata["totalTokenCount"]);
  return usage && { ...toTokenUsage(usage), ...(total !== undefined && { totalTokens: total }) };
}
