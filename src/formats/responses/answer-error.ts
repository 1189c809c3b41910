import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import { numberOf, objectOf, textOf } from "../../core/json/values.ts";

/** Codes that clients of the API know; Codex acts on the last four. */
const CODES: ReadonlySet<string> = new Set([
  "server_error",
  "rate_limit_exceeded",
  "invalid_prompt",
  "data_residency_mismatch",
  "bio_policy",
  "misalignment_policy_violation",
  "vector_store_timeout",
  "invalid_image",
  "invalid_image_format",
  "invalid_base64_image",
  "invalid_image_url",
  "image_too_large",
  "image_too_small",
  "image_parse_error",
  "image_content_policy_violation",
  "invalid_image_mode",
  "image_file_too_large",
  "unsupported_image_media_type",
  "empty_image_file",
  "failed_to_download_image",
  "image_file_not_found",
  "context_length_exceeded",
  "insufficient_quota",
  "server_is_overloaded",
  "slow_down",
]);

/** For errors that have a type and no code that the API knows. */
const CODE_OF_TYPE: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    rate_limit_error: "rate_limit_exceeded",
    overloaded_error: "server_is_overloaded",
    invalid_request_error: "invalid_prompt",
  }),
);

/** A failure in any place of an answer: a failed response, an `error` event, or an error's body. */
export function readAnswerError(value: JsonObject): AnswerError {
  const error = objectOf(value["error"]) ?? value;
  const status = textOf(value["status"]);
  const fallback = status === undefined ? "the provider told an error without a message" : `the response is ${status}`;
  const type = textOf(error["type"]);
  return {
    message: textOf(error["message"]) ?? textOf(value["error"]) ?? fallback,
    // An event's own type says nothing.
    type: type === "error" || type?.startsWith("response") ? undefined : type,
    code: textOf(error["code"]) ?? numberOf(error["code"]),
  };
}

/** The `error` of a failed response: its code is one of a list. */
export function writeAnswerError({ message, type, code }: AnswerError): { code: string; message: string } {
  const known = typeof code === "string" && CODES.has(code) ? code : CODE_OF_TYPE.get(type ?? "");
  return { code: known ?? "server_error", message };
}
