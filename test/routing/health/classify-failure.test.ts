import { describe, expect, test } from "bun:test";
import { Failure, type FailureCode } from "../../../src/core/errors.ts";
import { classifyFailure, type Next } from "../../../src/routing/health/classify-failure.ts";
import type { Blame } from "../../../src/routing/health/deployment-state.ts";
import type { RetryReason } from "../../../src/routing/models/model-options.ts";
import { answered, broke } from "../engine/failures.ts";

type Case = readonly [failure: Failure, next: Next, blame: Blame, reasons: readonly RetryReason[], sent: boolean];

function check([failure, next, blame, reasons, requestSent]: Case): void {
  const verdict = classifyFailure(failure);
  expect({ ...verdict, reasons: [...verdict.reasons] }).toMatchObject({ next, blame, reasons: [...reasons] });
  if (next === "any") expect(verdict.requestSent).toBe(requestSent);
}

describe("a failure of a provider's answer", () => {
  test.each<[status: number, next: Next, blame: Blame, reasons: readonly RetryReason[], sent: boolean]>([
    [400, "nobody", "alive", [], true],
    [401, "key", "key", [], false],
    [402, "nobody", "alive", [], true],
    [403, "key", "key", [], false],
    [404, "nobody", "alive", [], true],
    [408, "any", "failure", ["408"], true],
    [409, "nobody", "alive", [], true],
    [413, "nobody", "alive", [], true],
    [422, "nobody", "alive", [], true],
    [429, "any", "limit", ["429"], false],
    [500, "any", "failure", ["500"], true],
    [501, "nobody", "failure", [], true],
    [502, "any", "failure", ["502"], true],
    [503, "any", "failure", ["503"], true],
    [504, "any", "failure", ["504"], true],
    [520, "any", "failure", ["502"], true],
    [524, "any", "failure", ["504"], true],
    [529, "any", "failure", ["529"], true],
  ])("%d", (status, next, blame, reasons, sent) => check([answered(status), next, blame, reasons, sent]));

  test.each([
    [400, { message: "Previous response with id 'r1' not found.", wireCode: "previous_response_not_found" }, "other"],
    [404, { message: "Response with id 'r1' not found." }, "other"],
    [404, { message: "The model `m` does not exist or was not found" }, "nobody"],
    [500, { message: "Response with id 'r1' not found." }, "any"],
  ] as const)("%d that says %o", (status, details, next) => {
    expect(classifyFailure(answered(status, details)).next).toBe(next);
  });

  test("in an answer that had begun well", () => {
    const inAnswer = (status: number) => answered(status, {}, { phase: "body" });
    check([inAnswer(529), "any", "failure", ["529", "error_event"], true]);
    check([inAnswer(502), "any", "failure", ["502", "error_event"], true]);
    check([inAnswer(429), "any", "limit", ["429", "error_event"], false]);
    check([inAnswer(400), "nobody", "alive", [], true]);
    check([inAnswer(401), "key", "key", [], false]);
  });

  test("says when it wants to be asked again", () => {
    expect(classifyFailure(answered(429, {}, { retryAfterMs: 1500 })).retryAfterMs).toBe(1500);
    expect(classifyFailure(answered(429)).retryAfterMs).toBeUndefined();
  });
});

describe("a call that fails without an answer", () => {
  test.each<[failure: Failure, reason: RetryReason, sent: boolean]>([
    [broke("unreachable", { phase: "connect", requestSent: false }), "connect", false],
    [broke("name_unknown", { phase: "dns", requestSent: false }), "connect", false],
    [broke("tls", { phase: "tls", requestSent: false }), "connect", false],
    [broke("connect_timeout", { phase: "connect", requestSent: false }), "connect", false],
    [broke("credentials_unavailable", { phase: "connect", requestSent: false }), "connect", false],
    [broke("unreachable"), "send", true],
    [broke("reset", { phase: "send", requestSent: true }), "send", true],
    [broke("reset", { phase: "send", requestSent: false }), "send", false],
    [broke("response_header_timeout"), "timeout", true],
    [broke("total_timeout"), "timeout", true],
    [broke("stream_idle_timeout"), "timeout", true],
    [broke("invalid_response"), "invalid", true],
    [new Failure("first_token_timeout"), "first_token", true],
    [new Failure("upstream_empty_response"), "empty", true],
  ])("%p: %s", (failure, reason, sent) => check([failure, "any", "failure", [reason], sent]));
});

test.each<FailureCode>(["client_gone", "client_stalled", "request_timeout", "internal", "shutting_down"])(
  "%s is nobody's fault, and asks nobody else",
  (code) => check([new Failure(code), "nobody", "nothing", [], false]),
);

test.each<FailureCode>([
  "messages_not_supported",
  "chat_not_supported",
  "provider_key_missing",
  "unsupported_parameter",
])("%s is asked of another deployment", (code) => check([new Failure(code), "other", "nothing", [], false]));

describe("a conversation that is too long, in the words of", () => {
  test.each<[whose: string, failure: Failure]>([
    ["OpenAI", answered(400, { wireCode: "context_length_exceeded" })],
    ["Anthropic", answered(400, { message: "prompt is too long: 210000 tokens > 200000 maximum" })],
    ["Anthropic, by size", answered(413, { message: "Prompt is too long" })],
    [
      "Google",
      answered(400, {
        message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        wireType: "INVALID_ARGUMENT",
      }),
    ],
    [
      "vLLM",
      answered(400, { message: "This model's maximum context length is 8192 tokens. However, you requested 9000" }),
    ],
    ["llama.cpp", answered(400, { wireType: "exceed_context_size_error" })],
    [
      "Cohere",
      answered(400, { message: "too many tokens: total number of tokens in the prompt cannot exceed 128000" }),
    ],
    ["Bedrock", answered(400, { message: "Input is too long for requested model." })],
    ["OpenAI, in a stream", answered(502, { wireCode: "context_length_exceeded" }, { phase: "body" })],
  ])("%s", (_, failure) => check([failure, "context", "alive", [], true]));

  test("unless it is another error that mentions it", () => {
    check([answered(500, { message: "maximum context length" }), "any", "failure", ["500"], true]);
    check([answered(429, { message: "prompt is too long" }), "any", "limit", ["429"], false]);
  });
});

describe("the refusal of a content filter, in the words of", () => {
  test.each<[whose: string, failure: Failure]>([
    ["OpenAI", answered(400, { wireCode: "content_policy_violation" })],
    ["OpenAI's images", answered(400, { wireCode: "moderation_blocked" })],
    ["Azure", answered(400, { wireCode: "content_filter" })],
    [
      "Azure, within",
      answered(400, { providerError: { innererror: { code: "ResponsibleAIPolicyViolation" } }, wireCode: null }),
    ],
    ["Azure, in words", answered(400, { message: "… triggering Azure OpenAI's content management policy." })],
    ["Anthropic", answered(400, { message: "Output blocked by content filtering policy" })],
    ["Google", answered(400, { wireCode: "PROHIBITED_CONTENT" })],
    ["Google, in words", answered(400, { message: "The prompt was blocked due to safety reasons" })],
    ["Alibaba", answered(400, { wireCode: "data_inspection_failed" })],
    ["xAI", answered(403, { message: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CSAM" })],
    ["a stream", answered(502, { wireType: "content_filter" }, { phase: "body" })],
  ])("%s", (_, failure) => check([failure, "content", "alive", [], true]));
});
