import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mayHoldSecret, parseBaseUrl } from "../../../src/config/urls.ts";

describe("parseBaseUrl", () => {
  test.each([
    ["api.openai.com/v1", "absolute"],
    ["sk-not-a-url", "absolute"],
    ["ftp://host/v1", "absolute"],
    ["file:///etc/passwd", "absolute"],
    ["http:host", "absolute"],
    ["http:///host", "absolute"],
    ["https://", "absolute"],
    ["http://host:99999", "absolute"],
    ["unix:relative.sock", "absolute"],
    ["unix:", "absolute"],
    ["unix:/a.sock:v1", "absolute"],
    ["https://user:pass@host/v1", "credentials"],
    ["https://user@host/v1", "credentials"],
    ["https://@host/v1", "credentials"],
    ["https://host/v1?secret", "query"],
    ["https://host/v1?", "query"],
    ["https://host/v1?=secret", "query"],
    ["https://host/v1?a=1&secret", "query"],
    ['https://host/v1?a="secret"', "query"],
    ["https://host/v1?key=a b", "spaces"],
    ["https://host/v1#part", "fragment"],
    ["unix:/a.sock:/v1#secret", "fragment"],
    ["https://ho st/v1", "spaces"],
    ["https://host/v1\n", "control characters"],
    ["https://host\\@other/v1", "backslashes"],
  ])("refuses %j, because of its %s", (text, reason) => {
    expect(parseBaseUrl(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  test.each([
    ["https://host/v1", "https://host/v1", undefined],
    ["https://host/v1///", "https://host/v1", undefined],
    ["https://host", "https://host", undefined],
    ["https://host/", "https://host", undefined],
    ["HTTP://HOST:8080/Path", "http://host:8080/Path", undefined],
    ["http://[::1]:8000/v1", "http://[::1]:8000/v1", undefined],
    ["https://host/a@b/v1", "https://host/a@b/v1", undefined],
    ["unix:/run/a.sock", "http://localhost/v1", "/run/a.sock"],
    ["unix:///run/a.sock", "http://localhost/v1", "/run/a.sock"],
    ["unix:/run/a.sock:/", "http://localhost", "/run/a.sock"],
    ["unix:/run/a.sock:/base/path/", "http://localhost/base/path", "/run/a.sock"],
  ])("reads %j", (text, baseUrl, unixSocket) => {
    expect(parseBaseUrl(text)).toEqual({ ok: true, value: { baseUrl, unixSocket, query: "" } });
  });

  test.each([
    ["https://host/v1?api-version=2024-10-21", "https://host/v1", "api-version=2024-10-21"],
    ["https://host?a=1&b=%20x", "https://host", "a=1&b=%20x"],
    ["https://host/v1/?a=", "https://host/v1", "a="],
    ["unix:/a.sock:/v2?key=secret", "http://localhost/v2", "key=secret"],
  ])("keeps the query of %j", (text, baseUrl, query) => {
    expect(parseBaseUrl(text)).toEqual({ ok: true, value: expect.objectContaining({ baseUrl, query }) });
  });

  test("what it accepts is a fixed point without credentials, query, fragment or trailing slash", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
        const parsed = parseBaseUrl(text);
        if (!parsed.ok) return expect(text).toMatch(/[?#]/);
        expect(parsed.value.baseUrl).not.toMatch(/[?#]|\/$/);
        expect(parseBaseUrl(parsed.value.baseUrl)).toEqual({ ok: true, value: { ...parsed.value, query: "" } });
      }),
    );
  });
});

test.each([
  ["sk-pasted-key", true],
  ["https://user:pass@host", true],
  ["https://host?key=1", true],
  ["https://host#1", true],
  ["ftp://host/v1", false],
  ["http://host:99999", false],
])("mayHoldSecret(%j) is %p", (text, secret) => {
  expect(mayHoldSecret(text)).toBe(secret);
});
