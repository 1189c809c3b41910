import { expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { readTransportError } from "../../src/upstream/errors.ts";

const withCode = (code: string): Error =>
  Object.assign(new TypeError(`${code}: fetching "http://host/v1?key=SECRET"`), { code });

test.each([
  ["ECONNREFUSED", "upstream_unreachable"],
  ["ConnectionRefused", "upstream_unreachable"],
  ["EHOSTUNREACH", "upstream_unreachable"],
  ["ENETUNREACH", "upstream_unreachable"],
  ["ETIMEDOUT", "upstream_unreachable"],
  ["FailedToOpenSocket", "upstream_unreachable"],
  ["TOO_MANY_HANGING_ATTEMPTS", "upstream_unreachable"],
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
  ["HTTP2_HANDSHAKE_FAILED", "upstream_tls_failure"],
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
  const failure = readTransportError(withCode(code), "openai");
  expect(failure).toMatchObject({ code: meaning, status: 502, details: { provider: "openai", cause: code } });
  expect(JSON.stringify([failure.message, failure.details])).not.toContain("SECRET");
});

test.each([
  ["REQUEST_HEADER", "invalid_request", "A header of the request cannot be sent to the provider"],
  ["REQUEST_METHOD", "invalid_request", "The method of the request cannot be sent to the provider"],
  ["UPLOAD_LENGTH", "body_interrupted", "The request body ended early"],
] as const)("%s is %s: the request was at fault, and not the provider", (code, meaning, message) => {
  const failure = readTransportError(withCode(code), "openai");
  expect(failure).toMatchObject({ code: meaning, message, status: 400, details: { cause: code } });
});

test("what has no code is told by its name, and what is no error at all by nothing", () => {
  expect(readTransportError(new RangeError("SECRET"), "x").details.cause).toBe("RangeError");
  expect(readTransportError("SECRET", "x").details.cause).toBe("unknown");
  expect(readTransportError(null, "x")).toMatchObject({ code: "upstream_unreachable" });
});

test("a failure of the gateway's own stays what it is", () => {
  const failure = new Failure("client_gone");
  expect(readTransportError(failure, "openai")).toBe(failure);
});
