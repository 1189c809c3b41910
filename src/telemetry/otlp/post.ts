import { errorWordOf } from "../../core/error-code.ts";
import { readRetryAfter } from "../../core/retry-after.ts";
import { rejectedOf } from "./read-response.ts";

/** What became of one request to a collector. */
export type PostResult =
  /** Taken, but for so many items that the collector rejected. */
  | { readonly kind: "taken"; readonly rejected: number }
  /** It may be taken later; `retryAfterMs` says when, if the collector does. */
  | { readonly kind: "later"; readonly problem: string; readonly retryAfterMs?: number | undefined }
  /** It will not be taken. */
  | { readonly kind: "refused"; readonly problem: string };

/** Sends the body of one request. Never throws. @param signal ends it early */
export type Post = (body: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<PostResult>;

/** How a collector is called. */
export type CollectorFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface PostOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isJson: boolean;
  readonly isCompressed: boolean;
  /** Of the collector, and of the gateway as its client. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
}

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** @param fetchNow what calls out at the moment, which settings may change */
export function createPost(options: PostOptions, fetchNow: () => CollectorFetch, clock: () => number): Post {
  const { url, isJson, isCompressed, tls } = options;
  const headers = {
    ...options.headers,
    // What it says is short, and is not worth the risk of unpacking a stranger's megabytes.
    "accept-encoding": "identity",
    "content-type": isJson ? "application/json" : "application/x-protobuf",
    ...(isCompressed && { "content-encoding": "gzip" }),
  };
  return async (body, signal) => {
    try {
      const response = await fetchNow()(url, {
        method: "POST",
        headers,
        body: isCompressed ? await gzip(body) : body,
        signal,
        redirect: "manual",
        decompress: false,
        proxy: false,
        ...(tls && { tls }),
      });
      return await resultOf(response, isJson, clock());
    } catch (error) {
      return { kind: "later", problem: `it cannot be reached (${errorWordOf(error)})` };
    }
  };
}

async function resultOf(response: Response, isJson: boolean, now: number): Promise<PostResult> {
  const { status, headers } = response;
  if (status >= 200 && status < 300) return { kind: "taken", rejected: await rejectedOf(response, isJson) };
  void response.body?.cancel().catch(() => {});
  const problem = `it answers with status ${status}`;
  if (!RETRYABLE.has(status)) return { kind: "refused", problem };
  return { kind: "later", problem, retryAfterMs: readRetryAfter(headers.get("retry-after"), now) };
}

/** On the runtime's own threads: a batch takes milliseconds. */
function gzip(body: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  process.getBuiltinModule("node:zlib").gzip(body, (error, compressed) => {
    if (error) reject(error);
    else resolve(new Uint8Array(compressed));
  });
  return promise;
}
