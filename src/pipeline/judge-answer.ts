import { Failure } from "../core/errors.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { toWellFormed } from "../core/json/parse.ts";
import { decodeObject } from "../core/json/decode-object.ts";
import { redactionOf } from "../core/redact/redact.ts";
import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import { MAX_ERROR_BYTES, readAnswerError } from "../formats/answer-error.ts";
import { readMarkup } from "../formats/error-text.ts";
import type { ProviderError } from "../formats/provider-error.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import { UpstreamError, UpstreamFailure } from "../upstream/errors.ts";

/** Of a message in the log. */
const MAX_LOGGED_CHARACTERS = 300;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** `error`, `errors`, `error_code`, and `"type":"error"`. In answers of the Responses API it is null. */
const ERROR = Buffer.from('"error');
const NO_ERROR = Buffer.from('"error":null');
const NO_ERROR_SPACED = Buffer.from('"error": null');
const STATUS_OF_MINIMAX = Buffer.from('"base_resp"');

/** Throws if an answer that must not be empty is empty. */
export function requireBody(bytes: Uint8Array, { provider = "" }: Pick<RequestContext, "provider">): Uint8Array {
  if (bytes.length === 0) throw new Failure("upstream_empty_response", { provider });
  return bytes;
}

/**
 * Judges a whole answer that came with a good status. An error that a provider sent so is recorded as the request's
 * failure, and still goes to the client as it is.
 * @param usage what the answer says was used: one that says so is whole, and is not parsed, because this is done for
 * every answer. A search of 400 bytes takes 0.06 µs, parsing them 0.8 µs.
 * @returns the bytes for the client: the same, unless they are an error that repeats the provider's key, which is masked
 * @throws Failure `upstream_invalid_response` if it is no JSON object
 */
export function judgeAnswer(
  context: RequestContext,
  provider: Provider,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): Uint8Array {
  const error = findAnswerError(provider, bytes, usage);
  if (!error) return bytes;
  const redact = redactionOf(secretsOf(provider));
  const message = redact(error.message ?? `code ${error.code ?? "unknown"}`).slice(0, MAX_LOGGED_CHARACTERS);
  context.failed(new Failure("provider_error", { provider: provider.id, cause: message }));
  const text = asBuffer(bytes).toString();
  const masked = redact(text);
  return masked === text ? bytes : Buffer.from(masked);
}

/**
 * The error that a whole answer is although it came with a good status; undefined if it is none.
 * @param usage see {@link judgeAnswer}
 * @throws Failure `upstream_invalid_response` if it is no JSON object
 */
export function findAnswerError(
  provider: Provider,
  bytes: Uint8Array,
  usage: TokenUsage | undefined,
): ProviderError | undefined {
  const body = asBuffer(bytes);
  if (!isDelimitedAsObject(body)) throw invalid(provider, describe(body, provider));
  // A longer one that begins and ends like an object is not parsed.
  if (body.length > MAX_ERROR_BYTES || (hasUsed(usage) && !mayHaveError(body))) return undefined;
  const decoded = decodeObject(toWellFormed(body));
  if (!("value" in decoded)) {
    // What exceeds the limits is JSON as far as is known.
    if (decoded.fault === "depth" || decoded.fault === "values") return undefined;
    throw invalid(provider, "JSON that is not valid or not complete");
  }
  return readAnswerError(decoded.value, redactionOf(secretsOf(provider)));
}

/** Whether the first and the last byte that are no white space are the braces of an object. */
function isDelimitedAsObject(body: Buffer): boolean {
  let last = body.length - 1;
  while (isSpace(body[last])) last--;
  let first = body[0] === BYTE_ORDER_MARK[0] && body.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
  while (isSpace(body[first])) first++;
  return body[first] === OPEN_BRACE && body[last] === CLOSE_BRACE && first < last;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function hasUsed(usage: TokenUsage | undefined): boolean {
  return usage !== undefined && ((usage.inputTokens ?? 0) > 0 || (usage.outputTokens ?? 0) > 0);
}

/** Quotes within strings are escaped, so text that talks of errors is never taken for one. */
function mayHaveError(body: Buffer): boolean {
  if (body.length > MAX_ERROR_BYTES) return false;
  if (body.includes(STATUS_OF_MINIMAX)) return true;
  const at = body.indexOf(ERROR);
  if (at < 0) return false;
  const isNull = isAt(body, NO_ERROR, at) || isAt(body, NO_ERROR_SPACED, at);
  return !isNull || body.includes(ERROR, at + 1);
}

function isAt(body: Buffer, word: Buffer, at: number): boolean {
  return body.compare(word, 0, word.length, at, Math.min(body.length, at + word.length)) === 0;
}

function invalid(provider: Provider, what: string): Failure {
  const error = new UpstreamError("invalid_response", { phase: "body", requestSent: true });
  return new UpstreamFailure(error, provider.id, {
    message: `The upstream server sent ${what} where a JSON object was expected`,
  });
}

function describe(body: Buffer, provider: Provider): string {
  const text = body.toString("utf8", 0, MAX_ERROR_BYTES).replace("\ufeff", "").trimStart();
  if (text === "") return "nothing but white space";
  if (text.startsWith("<")) {
    const { message } = readMarkup(text);
    return message === undefined ? "a page" : `a page (${redactionOf(secretsOf(provider))(message)})`;
  }
  if (text.startsWith("{")) return "JSON that is not valid or not complete";
  return text.startsWith("[") ? "a JSON array" : "text";
}
