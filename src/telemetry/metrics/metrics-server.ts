import { ListenError } from "../../core/listen-error.ts";
import { chooseFormat, CONTENT_TYPES, type ExpositionFormat, writeMetrics } from "./exposition.ts";
import type { MetricStore } from "./metric-store.ts";

export interface MetricsServerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** The address at which metrics are read. */
export interface MetricsServer {
  /** Starts to listen. @returns where. @throws ListenError if the address cannot be listened on */
  listen(): string;
  /** Ends it, with what is being read. A second call does nothing. */
  close(): Promise<void>;
}

const PATH = "/metrics";

/** Those who read at once; more are told to come again. Each is given up after so many seconds of silence. */
const MAX_READERS = 8;
const IDLE_SECONDS = 30;

/**
 * Serves metrics, and nothing else. Reading them costs about as much each time, however many read: those who come while
 * they are written get the same.
 * @param collect brings the series up to date
 */
export function createMetricsServer(
  { hostname, port }: MetricsServerOptions,
  collect: () => MetricStore | Promise<MetricStore>,
): MetricsServer {
  let server: Bun.Server<unknown> | undefined;
  const writing = new Map<ExpositionFormat, Promise<Uint8Array>>();
  /** One after the other: what is written must not be brought up to date meanwhile. */
  let last: Promise<unknown> = Promise.resolve();

  const write = (format: ExpositionFormat): Promise<Uint8Array> => {
    const known = writing.get(format);
    if (known) return known;
    const written = last
      .catch(() => {})
      .then(async () => writeMetrics(await collect(), format))
      .finally(() => writing.delete(format));
    last = written;
    writing.set(format, written);
    return written;
  };

  const answer = async (request: Request): Promise<Response> => {
    // Without a Host, or with one that is none, the runtime leaves the origin out.
    if (URL.parse(request.url, "http://localhost")?.pathname !== PATH) return refuse(404, `Metrics are at ${PATH}`);
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Use GET", { allow: "GET, HEAD" });
    if ((server?.pendingRequests ?? 0) > MAX_READERS) return refuse(503, "Too many readers", { "retry-after": "1" });
    const format = chooseFormat(request.headers.get("accept"));
    const bytes = await write(format);
    return new Response(bytes, { headers: { "content-type": CONTENT_TYPES[format], vary: "accept" } });
  };

  return {
    listen() {
      const options = { hostname, port, reusePort: false, development: false, idleTimeout: IDLE_SECONDS };
      try {
        server = Bun.serve({ ...options, fetch: answer, error: () => refuse(500, "Metrics could not be written") });
      } catch (error) {
        throw new ListenError(hostname, port, "TELEMETRY_METRICS_HOST, TELEMETRY_METRICS_PORT", error);
      }
      return new URL(PATH, server.url).href;
    },
    async close() {
      await server?.stop(true);
    },
  };
}

function refuse(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}
