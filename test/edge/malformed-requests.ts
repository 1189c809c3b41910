/** A key that the gateway of these tests accepts: what is refused is refused for its form alone. */
export const TOKEN = "good-key-0123456789";

const AUTHORIZATION = `Authorization: Bearer ${TOKEN}\r\n`;
const HOST = "Host: localhost\r\n";

/** A whole request that must never be served, wherever it stands in the bytes of another. */
export const SMUGGLED = `GET /v1/models?smuggled HTTP/1.1\r\n${HOST}${AUTHORIZATION}\r\n`;

const BODY = '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}';
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

/** A request that the gateway could answer, if its header section were not as given. */
const withFields = (fields: string, body = BODY): string =>
  `POST /v1/chat/completions HTTP/1.1\r\n${HOST}${AUTHORIZATION}${fields}\r\n\r\n${body}`;

const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = "Transfer-Encoding: chunked";

/** A GET that the gateway could answer, under other `Host` fields. */
const withHost = (fields: string, target = "/v1/models"): string =>
  `GET ${target} HTTP/1.1\r\n${fields}${AUTHORIZATION}\r\n`;

const withLine = (line: string): string => `${line}\r\n${HOST}${AUTHORIZATION}\r\n`;

/** What is wrong with a request, and the request. */
export type MalformedRequest = readonly [what: string, bytes: string];

/**
 * Requests that two sides of a connection could read in two ways, or that no grammar allows: RFC 9112 sections 2.2, 3, 5
 * and 6. Each must be refused before anything looks at it, and its connection must be closed.
 */
export const MALFORMED_HEADS: readonly MalformedRequest[] = [
  // Section 6.1 and 6.3: which framing holds.
  ["Content-Length and Transfer-Encoding", withFields(`${LENGTH}\r\n${CHUNKED}`, CHUNKS)],
  ["Transfer-Encoding and Content-Length", withFields(`${CHUNKED}\r\nContent-Length: 4`, CHUNKS)],
  ["two Content-Lengths that differ", withFields(`${LENGTH}\r\nContent-Length: 3`)],
  ["two Content-Lengths that are equal", withFields(`${LENGTH}\r\n${LENGTH}`)],
  ["two Content-Lengths in two spellings", withFields(`${LENGTH}\r\nContent-Length: 0${BODY.length}`)],
  ["a list as Content-Length", withFields(`${LENGTH}, ${BODY.length}`)],
  ["a Content-Length and an empty one", withFields(`${LENGTH}\r\nContent-Length:`)],
  ["an empty Content-Length", withFields("Content-Length:")],
  ["Content-Length with a sign", withFields(`Content-Length: +${BODY.length}`)],
  ["negative Content-Length", withFields("Content-Length: -1")],
  ["hexadecimal Content-Length", withFields("Content-Length: 0x40")],
  ["Content-Length with an exponent", withFields("Content-Length: 64e0")],
  ["Content-Length with a fraction", withFields("Content-Length: 64.0")],
  ["Content-Length with an underscore", withFields("Content-Length: 6_4")],
  ["two numbers in a Content-Length", withFields("Content-Length: 6 4")],
  ["Content-Length beyond 64 bits", withFields("Content-Length: 18446744073709551680")],
  ["an unknown transfer coding", withFields("Transfer-Encoding: xchunked", CHUNKS)],
  ["a transfer coding in quotes", withFields('Transfer-Encoding: "chunked"', CHUNKS)],
  ["a transfer coding with a parameter", withFields(`${CHUNKED};q=1`, CHUNKS)],
  ["chunked not as the last coding", withFields(`${CHUNKED}, identity`, CHUNKS)],
  ["chunked behind another coding", withFields("Transfer-Encoding: gzip, chunked", CHUNKS)],
  ["chunked twice in a list", withFields(`${CHUNKED}, chunked`, CHUNKS)],
  ["chunked in a list that begins with nothing", withFields("Transfer-Encoding: ,chunked", CHUNKS)],
  ["chunked in a list that ends with nothing", withFields(`${CHUNKED},`, CHUNKS)],
  ["two equal Transfer-Encodings", withFields(`${CHUNKED}\r\n${CHUNKED}`, CHUNKS)],
  ["two Transfer-Encodings", withFields(`${CHUNKED}\r\nTransfer-Encoding: identity`, CHUNKS)],
  ["identity as Transfer-Encoding", withFields(`Transfer-Encoding: identity\r\n${LENGTH}`)],
  ["an empty Transfer-Encoding", withFields("Transfer-Encoding:")],
  ["an empty Transfer-Encoding beside a length", withFields(`Transfer-Encoding:\r\n${LENGTH}`)],
  ["a vertical tab before chunked", withFields("Transfer-Encoding: \u000bchunked", CHUNKS)],
  ["Transfer-Encoding in HTTP/1.0", withFields(CHUNKED, CHUNKS).replace("HTTP/1.1", "HTTP/1.0")],
  // Section 5: what a field line is.
  ["a space before the colon", withFields(`Transfer-Encoding : chunked\r\n${LENGTH}`)],
  ["a tab before the colon", withFields(`Transfer-Encoding\t: chunked\r\n${LENGTH}`)],
  ["a space within a name", withFields(`Transfer Encoding: chunked\r\n${LENGTH}`)],
  ["a space before the first field", `GET /v1/models HTTP/1.1\r\n X: y\r\n${HOST}${AUTHORIZATION}\r\n`],
  ["a line folded in two", withFields(`X: a\r\n b\r\n${LENGTH}`)],
  ["a folded Transfer-Encoding", withFields("Transfer-Encoding:\r\n chunked", CHUNKS)],
  ["a field without a colon", withFields(`X\r\n${LENGTH}`)],
  ["a field without a name", withFields(`: x\r\n${LENGTH}`)],
  ["a name that is no token", withFields(`X(y): z\r\n${LENGTH}`)],
  ["NUL in a name", withFields(`X\0: a\r\n${LENGTH}`)],
  ["NUL in a value", withFields(`X: a\0b\r\n${LENGTH}`)],
  ["a control character in a value", withFields(`X: a\u0001b\r\n${LENGTH}`)],
  ["a bare CR in a value", withFields(`X: a\r${CHUNKED}\r\n${LENGTH}`)],
  ["a bare CR at the end of a value", withFields(`X: a\r\r\n${LENGTH}`)],
  ["a bare LF in a value", withFields(`X: a\n${CHUNKED}\r\n${LENGTH}`)],
  ["a bare LF at the end of the head", `GET /v1/models HTTP/1.1\r\n${HOST}${AUTHORIZATION}\n`],
  ["bare LFs as line ends", `GET /v1/models HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${TOKEN}\n\n`],
  // Section 3: the request line.
  ["two spaces in the request line", withLine("GET  /v1/models HTTP/1.1")],
  ["tabs in the request line", withLine("GET\t/v1/models\tHTTP/1.1")],
  ["a space in the target", withLine("GET /v1/models x HTTP/1.1")],
  ["an unknown version", withLine("GET /v1/models HTTP/1.2")],
  ["HTTP/2 without its preface", withLine("GET /v1/models HTTP/2.0")],
  ["a version in lower case", withLine("GET /v1/models http/1.1")],
  ["no version", withLine("GET /v1/models")],
  ["an empty line before the request", `\r\n${withLine("GET /v1/models HTTP/1.1")}`],
  ["an authority as target", withLine("GET localhost:80 HTTP/1.1")],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["another scheme as target", withLine("GET ftp://localhost/v1/models HTTP/1.1")],
  // Section 3.2: one Host, and nothing but a host in it.
  ["no Host", withHost("")],
  ["two Hosts that differ", withHost("Host: localhost\r\nHost: example.org\r\n")],
  ["two Hosts that are equal", withHost("Host: localhost\r\nHost: localhost\r\n")],
  ["a Host and an empty one", withHost("Host: localhost\r\nHost:\r\n")],
  ["an empty Host and another", withHost("Host:\r\nHost: localhost\r\n")],
  ["two Hosts far apart", withHost("Host: localhost\r\nAccept: */*\r\nhOST: example.org\r\n")],
  ["an absolute target and two Hosts", withHost("Host: a\r\nHost: b\r\n", "http://localhost/v1/models")],
  ["two hosts in one Host", withHost("Host: localhost, example.org\r\n")],
  ["an empty Host", withHost("Host:\r\n")],
  ["a path in Host", withHost("Host: localhost/proxy/openai/v1/models\r\n")],
  ["a path and a query in Host", withHost("Host: localhost/proxy/openai/v1/models?\r\n")],
  ["a fragment in Host", withHost("Host: localhost#\r\n")],
  ["an authority's slashes in Host", withHost("Host: //localhost\r\n")],
  ["backslashes in Host", withHost("Host: localhost\\proxy\\openai\r\n")],
  ["encoded slashes in Host", withHost("Host: localhost%2fproxy%2fopenai\r\n")],
  ["userinfo in Host", withHost("Host: user:password@localhost\r\n")],
  ["a scheme in Host", withHost("Host: http://localhost\r\n")],
  ["a space in Host", withHost("Host: local host\r\n")],
  ["a tab in Host", withHost("Host: local\thost\r\n")],
  ["non-ASCII in Host", withHost("Host: l\u00f6cal\r\n")],
  ["a word as port in Host", withHost("Host: localhost:http\r\n")],
  ["a port beyond 65535 in Host", withHost("Host: localhost:65536\r\n")],
  ["two ports in Host", withHost("Host: localhost:80:81\r\n")],
  ["half an IPv6 address in Host", withHost("Host: [::1\r\n")],
  ["an IPv6 address without brackets in Host", withHost("Host: ::1\r\n")],
];

/** Chunks as no grammar allows: RFC 9112 section 7.1. The head is good, so the request begins, and then breaks off. */
export const MALFORMED_CHUNKS: readonly MalformedRequest[] = (
  [
    ["a size with a prefix", `0x40\r\n${BODY}\r\n0\r\n\r\n`],
    ["a size with a sign", `+40\r\n${BODY}\r\n0\r\n\r\n`],
    ["a negative size", `-1\r\n${BODY}\r\n0\r\n\r\n`],
    ["a size that is no number", `zz\r\n${BODY}\r\n0\r\n\r\n`],
    ["no size", `\r\n${BODY}\r\n0\r\n\r\n`],
    ["a size beyond 64 bits", `10000000000000040\r\n${BODY}\r\n0\r\n\r\n`],
    ["the largest size of 64 bits", `ffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`],
    ["a space before the size", ` 40\r\n${BODY}\r\n0\r\n\r\n`],
    ["a space behind the size", `40 \r\n${BODY}\r\n0\r\n\r\n`],
    ["a bare LF behind the size", `40\n${BODY}\r\n0\r\n\r\n`],
    ["a bare CR behind the size", `40\rX${BODY}\r\n0\r\n\r\n`],
    ["a bare LF behind an extension", `40;a\n${BODY}\r\n0\r\n\r\n`],
    ["an endless extension", `40;${"a".repeat(40_000)}\r\n${BODY}\r\n0\r\n\r\n`],
    ["no CRLF behind the data", `40\r\n${BODY}XX0\r\n\r\n`],
    ["bare LFs behind the last chunk", `40\r\n${BODY}\r\n0\n\n`],
    ["a chunk that is longer than it says", `3f\r\n${BODY}\r\n0\r\n\r\n`],
  ] as const
).map(([what, body]) => [what, withFields(CHUNKED, body)] as const);
