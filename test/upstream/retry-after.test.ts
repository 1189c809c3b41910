import { expect, test } from "bun:test";
import { parseRetryAfter } from "../../src/upstream/response-headers.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

test.each<[headers: Record<string, string>, milliseconds: number | undefined]>([
  [{}, undefined],
  [{ "retry-after": "2" }, 2000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": " 1.5 " }, 1500],
  [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
  [{ "retry-after": "Wed, 31 Dec 2025 23:59:00 GMT" }, 0],
  [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
  [{ "retry-after-ms": "soon", "retry-after": "1" }, 1000],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
])("%j: %p ms", (headers, milliseconds) => {
  expect(parseRetryAfter(new Headers(headers), NOW)).toBe(milliseconds);
});
