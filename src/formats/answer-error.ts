import { isFilled } from "./first-content.ts";
import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { Redact } from "../core/redact/redact.ts";
import { CODES, EMPTY_TYPES, MESSAGES, plainName, TYPES } from "./error-names.ts";
import { readValue, type ProviderError } from "./provider-error.ts";

/** An error is shorter, in bytes: a longer answer is not looked at. */
export const MAX_ERROR_BYTES = 16 * 1024;

/** What answers hold, in the APIs of all formats; an error sent with status 200 has it empty, or not at all. */
const CONTENTS = ["choices", "content", "data", "embeddings", "output", "input_tokens"] as const;

/** Codes with which some providers say that all is well. */
const GOOD_CODES: readonly unknown[] = [0, 200, "", "0", "200", "ok", "success"];

/** What is false of an error. */
const SUCCESSES = ["success", "ok"];

/** What an answer does not have, or empty. */
const ERRORS = ["error", "errors", "detail", "fault"];

/**
 * The error that a provider sent in place of an answer, although its status says otherwise; undefined if it is none.
 * MiniMax says so in `base_resp`, which its answers have too, Cloudflare in `success`, Zhipu, SiliconFlow and DashScope
 * in `code`, Baidu in `error_code`, vLLM in `object`, OpenRouter in the choice.
 */
export function readAnswerError(answer: JsonObject, redact: Redact): ProviderError | undefined {
  const { error, base_resp: status } = answer;
  if (isFilled(error)) return readValue(answer, redact);
  if (isJsonObject(status) && isBadCode(status["status_code"])) return readValue({ base_resp: status }, redact);
  const inChoice = isJsonObject(answer["choices"]) ? undefined : errorOfChoice(answer["choices"]);
  if (inChoice !== undefined) return readValue({ error: inChoice }, redact);
  if (CONTENTS.some((name) => isFilled(answer[name]))) return undefined;
  const isError = saysError(answer) || isErrorOfTencent(answer["Response"]);
  return isError ? readValue(answer, redact) : undefined;
}

/** Of an object without any content: whether it says that it is an error, or has nothing but a message. */
function saysError(answer: JsonObject): boolean {
  const members = new Map(Object.entries(answer).map(([name, value]) => [plainName(name), value]));
  const status = members.get("statuscode");
  return (
    SUCCESSES.some((name) => members.get(name) === false) ||
    ["object", ...TYPES].some((name) => isWordFor(members.get(name), EMPTY_TYPES)) ||
    CODES.some((name) => isBadCode(members.get(name))) ||
    (typeof status === "number" && status >= 400) ||
    ERRORS.some((name) => isFilled(members.get(name))) ||
    MESSAGES.some((name) => isText(members.get(name)))
  );
}

/** Some providers begin their choices, and fail in the middle of one. */
function errorOfChoice(choices: unknown): unknown {
  const [first]: unknown[] = Array.isArray(choices) ? choices : [];
  return isJsonObject(first) && isFilled(first["error"]) ? first["error"] : undefined;
}

function isErrorOfTencent(response: unknown): boolean {
  return isJsonObject(response) && isFilled(response["Error"]);
}

function isBadCode(code: unknown): boolean {
  if (typeof code === "string") return !GOOD_CODES.includes(code.toLowerCase());
  return typeof code === "number" && !GOOD_CODES.includes(code);
}

function isWordFor(value: unknown, words: ReadonlySet<string>): boolean {
  return typeof value === "string" && words.has(value.toLowerCase());
}

const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== "";
