import type { JsonObject } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";

/**
 * The request whose tokens are to be counted: contents alone, or a whole request, whose model is that of the path all the
 * same. https://ai.google.dev/api/tokens
 */
export function countedRequest({ model, ...body }: JsonObject): JsonObject {
  const whole = objectOf(body["generateContentRequest"] ?? body["generate_content_request"]);
  return { ...(whole ?? body), model };
}
