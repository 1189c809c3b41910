import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import { UNEXPLAINED } from "../error-text.ts";
import { readProviderError } from "../provider-error.ts";
import { filledTextOf, objectOf } from "../../core/json/values.ts";

/**
 * The error that a body or a chunk reports, though its status was good: `error` at the top or in the choice (OpenRouter),
 * `object: "error"` (vLLM), `base_resp` (MiniMax).
 */
export function readAnswerError(body: JsonObject): AnswerError | undefined {
  const error = body["error"] ?? undefined;
  if (error !== undefined && error !== false) return describe({ error });
  if (body["object"] === "error") return describe(body);
  const base = objectOf(body["base_resp"]);
  if (base && typeof base["status_code"] === "number" && base["status_code"] !== 0) {
    const message = filledTextOf(base["status_msg"]) ?? UNEXPLAINED;
    return { message, type: undefined, code: base["status_code"] };
  }
  const [choice] = Array.isArray(body["choices"]) ? body["choices"] : [];
  return isJsonObject(choice) && isJsonObject(choice["error"]) ? describe({ error: choice["error"] }) : undefined;
}

/** Of a `finish_reason` that says so, without an error. */
export const STOPPED: AnswerError = {
  message: "The provider stopped with an error",
  type: undefined,
  code: undefined,
};

function describe(body: JsonObject): AnswerError {
  const { message = UNEXPLAINED, type, code } = readProviderError(JSON.stringify(body));
  return { message, type, code };
}
