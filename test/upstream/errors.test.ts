import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { toUpstreamFailure, UpstreamError, UpstreamFailure } from "../../src/upstream/errors.ts";
import { readFetchError } from "../../src/upstream/fetch-response.ts";

const withCode = (code: string): Error =>
  Object.assign(new TypeError(`${code}: fetching "http://host/v1?key=SECRET"`), { code });

test.each([
  ["ECONNREFUSED", "upstream_unreachable"],
  ["ConnectionRefused", "upstream_unreachable"],
  ["EHOSTUNREACH", "upstream_unreachable"],
  ["ENETUNREACH", "upstream_unreachable"],
  ["ETIMEDOUT", "upstream_unreachable"],
  ["FailedToOpenSocket", "upstream_unreachable"],
  ["ENOTFOUND", "upstream_dns_failure"],
  ["EAI_AGAIN", "upstream_dns_failure"],
  ["DNSResolutionError", "upstream_dns_failure"],
  ["ESERVFAIL", "upstream_dns_failure"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "upstream_tls_failure"],
  ["CERT_HAS_EXPIRED", "upstream_tls_failure"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "upstream_tls_failure"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "upstream_tls_failure"],
  ["HOSTNAME_MISMATCH", "upstream_tls_failure"],
  ["EPROTO", "upstream_tls_failure"],
  ["HTTP2Unsupported", "upstream_tls_failure"],
  ["ECONNRESET", "upstream_reset"],
  ["EPIPE", "upstream_reset"],
  ["ConnectionClosed", "upstream_reset"],
  ["HTTP2StreamReset", "upstream_reset"],
  ["HTTP2RefusedStream", "upstream_reset"],
  ["HTTP2GoAway", "upstream_reset"],
  ["HTTP2ProtocolError", "upstream_invalid_response"],
  ["HTTP2ContentLengthMismatch", "upstream_invalid_response"],
  ["InvalidHTTPResponse", "upstream_invalid_response"],
  ["Malformed_HTTP_Response", "upstream_invalid_response"],
  ["InvalidContentLength", "upstream_invalid_response"],
  ["UnsupportedTransferEncoding", "upstream_invalid_response"],
  ["UnrequestedUpgrade", "upstream_invalid_response"],
  ["ZlibError", "upstream_invalid_response"],
  ["BrotliDecompressionError", "upstream_invalid_response"],
] as const)("%s is %s, and only the code is kept of it", (code, meaning) => {
  const failure = toUpstreamFailure(readFetchError(withCode(code), "header"), "openai");
  expect(failure).toMatchObject({ code: meaning, status: 502, details: { provider: "openai", cause: code } });
  expect(JSON.stringify([failure.message, failure.details])).not.toContain("SECRET");
});

test.each([
  ["invalid_header", "invalid_request", "A header of the request cannot be sent to the provider"],
  ["invalid_method", "invalid_request", "The method of the request cannot be sent to the provider"],
  ["upload", "body_interrupted", "The request body ended early"],
] as const)("%s is %s: the request was at fault, and not the provider", (fault, meaning, message) => {
  const error = new UpstreamError(fault, { phase: "send", requestSent: false });
  expect(toUpstreamFailure(error, "openai")).toMatchObject({ code: meaning, message, status: 400 });
  expect(error.retryable).toBe(false);
});

test("what has no code is told by its name, and what is no error at all by nothing", () => {
  expect(toUpstreamFailure(new RangeError("SECRET"), "x").details.cause).toBe("RangeError");
  expect(toUpstreamFailure("SECRET", "x").details.cause).toBe("unknown");
  expect(toUpstreamFailure(null, "x")).toMatchObject({ code: "upstream_unreachable" });
});

test("a failure of the gateway's own stays what it is", () => {
  const failure = new Failure("client_gone");
  expect(toUpstreamFailure(failure, "openai")).toBe(failure);
});

describe("how far a call of the runtime's fetch had come", () => {
  test.each([
    ["ENOTFOUND", "dns", false, true],
    ["ConnectionRefused", "connect", false, true],
    ["ECONNREFUSED", "connect", false, true],
    ["ETIMEDOUT", "connect", true, true],
    ["CERT_HAS_EXPIRED", "tls", false, false],
    ["HTTP2Unsupported", "tls", false, false],
    ["ECONNRESET", "header", true, true],
    ["Malformed_HTTP_Response", "header", true, true],
    ["SomethingNew", "header", true, true],
  ] as const)(
    "%s: %s, the request may have been sent: %p, asking again may help: %p",
    (code, phase, sent, retryable) => {
      expect(readFetchError(withCode(code), "header")).toMatchObject({ code, phase, requestSent: sent, retryable });
    },
  );

  test("is the phase of the body if it breaks off there; what is known stays", () => {
    const error = readFetchError(withCode("ECONNRESET"), "body");
    expect(error.phase).toBe("body");
    expect(readFetchError(error, "header")).toBe(error);
  });
});

describe("an answer that is an error", () => {
  test.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [409, true],
    [429, true],
    [500, true],
    [529, true],
  ])("%d: asking again may help: %p", (status, retryable) => {
    const error = new UpstreamError("status", { phase: "header", requestSent: true, status });
    expect(error.retryable).toBe(retryable);
  });
});

test("a failure tells what is known of the call, and says more if more is to be said", () => {
  const error = new UpstreamError("status", { phase: "header", requestSent: true, status: 429, retryAfterMs: 500 });
  const failure = new UpstreamFailure(error, "groq", { status: 429, message: "slow down" });
  expect(failure).toMatchObject({ code: "provider_error", status: 429, message: "slow down", error });
  expect(failure.details).toEqual({ provider: "groq", status: 429, message: "slow down" });
});
