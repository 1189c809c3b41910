import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, numberOf } from "../../core/json/values.ts";
import type { AnswerError } from "../form/answer.ts";
import { isBadKey, readRpcDetails, rpcType } from "../rpc-status.ts";

/**
 * The error that a body or an event reports although its status was good: `{error: {code, message, status, details}}`,
 * or the same in a list. https://cloud.google.com/apis/design/errors
 */
export function readAnswerError(body: unknown): AnswerError | undefined {
  const said = Array.isArray(body) ? body.find(isJsonObject) : body;
  const error = isJsonObject(said) ? said["error"] : undefined;
  if (typeof error === "string" && error !== "") return { message: error, type: "api_error", code: undefined };
  return isJsonObject(error) ? describe(error) : undefined;
}

function describe(error: JsonObject): AnswerError {
  const status = filledTextOf(error["status"]);
  const isKey = isBadKey(readRpcDetails(error));
  const code = numberOf(error["code"]);
  return {
    message: filledTextOf(error["message"]) ?? "The provider failed and did not say why.",
    type: isKey ? "authentication_error" : (rpcType(status) ?? filledTextOf(error["type"]) ?? typeByCode(code)),
    code: status ?? code,
  };
}

/** Of a status without a name. */
function typeByCode(code: number | undefined): string {
  if (code === 429) return "rate_limit_error";
  return code !== undefined && code >= 400 && code < 500 ? "invalid_request_error" : "api_error";
}
