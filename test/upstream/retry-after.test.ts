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
  // Limits that are used up.
  [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s" }, 1000],
  [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000],
  [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "17ms" }, 17],
  [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s" }, 7660],
  [{ "x-ratelimit-remaining-requests": "12", "x-ratelimit-reset-requests": "1s" }, undefined],
  [{ "x-ratelimit-reset-requests": "1s" }, undefined],
  [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon" }, undefined],
  [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s", "retry-after": "3" }, 3000],
  [
    {
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:05Z",
      "anthropic-ratelimit-output-tokens-remaining": "0",
      "anthropic-ratelimit-output-tokens-reset": "2026-01-01T00:00:09Z",
    },
    9000,
  ],
  [{ "anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2025-12-31T23:00:00Z" }, 0],
  [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW + 4000) }, 4000],
  [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 4) }, 4000],
  [{ "ratelimit-remaining": "0", "ratelimit-reset": "30" }, 30_000],
])("%j: %p ms", (headers, milliseconds) => {
  expect(parseRetryAfter(new Headers(headers), NOW)).toBe(milliseconds);
});
