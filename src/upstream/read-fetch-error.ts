import { Failure, type FailureCode } from "../failure/failure.ts";

/** Error codes of the runtime's `fetch`, by what they mean for the client; the first group that matches counts. */
const GROUPS: readonly (readonly [FailureCode, RegExp])[] = [
  ["proxy_refused", /^PROXY_STATUS_/],
  ["proxy_unreachable", /^PROXY_/],
  ["upstream_dns_failure", /^(ENOTFOUND|ENODATA|EAI_\w+|ESERVFAIL|DNS\w*)$/],
  ["upstream_tls_failure", /CERT|SSL|TLS|^EPROTO$|UNABLE_TO_|HOSTNAME_MISMATCH/],
  [
    "upstream_invalid_response",
    /HTTP|Decompress|Zlib|Brotli|Zstd|Chunk|Header|ContentLength|TransferEncoding|UnrequestedUpgrade/i,
  ],
  ["upstream_reset", /^(ECONNRESET|EPIPE|ECONNABORTED|ConnectionClosed)$/],
];

/**
 * What a rejected `fetch` or a broken body means.
 * Only the runtime's error code is kept as `cause`: its messages quote upstream URLs, whose query may hold a key.
 */
export const readFetchError = (error: unknown, providerId: string): Failure => {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const group = GROUPS.find(([, pattern]) => pattern.test(code));
  return new Failure(group?.[0] ?? "upstream_unreachable", { provider: providerId, cause: code });
};

const codeOf = (error: unknown): string => {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return error instanceof Error ? error.name : "unknown";
};
