import type { ReceivedRequest } from "../../fixtures/http-request-parser.ts";
import { type OtlpReceiver, startOtlpReceiver, type TestSpan } from "../../fixtures/otlp-receiver.ts";
import type { Substitutes } from "../../fixtures/start-in-process.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";

export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const SPAN = "b7ad6b7169203331";
export const SAMPLED = `00-${TRACE}-${SPAN}-01`;
export const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;

/** Has spans sent as soon as there are some. */
export const tracingTo = (url: string): Record<string, string> => ({
  TELEMETRY_TRACING_ENABLED: "true",
  TELEMETRY_TRACING_OTLP_ENDPOINT: url,
  OTEL_BSP_SCHEDULE_DELAY: "1",
});

export interface TracedGateway extends AsyncDisposable {
  readonly started: StartedGateway;
  readonly collector: OtlpReceiver;
  /** The spans of the next request that is exported: its own is the last one. */
  spans(): Promise<readonly TestSpan[]>;
}

/** A gateway between a mock provider and a collector. */
export async function startTraced(
  settings: Readonly<Record<string, string>> = {},
  substitutes: Substitutes = {},
): Promise<TracedGateway> {
  const collector = startOtlpReceiver();
  const started = await startBesideProvider(
    (url) => ({ ...threeProviders(url), ...tracingTo(collector.url), ...settings }),
    substitutes,
  );
  return {
    started,
    collector,
    spans: async () => (await collector.next(5000)).spans,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    },
  };
}

/** The headers of a trace that a request carried; `null` for one that it did not. */
export const traceOf = (request: ReceivedRequest | undefined) =>
  ["traceparent", "tracestate", "baggage"].map((name) => request?.header(name) ?? null);

/** The span of a request, and those of its steps. */
export function split(spans: readonly TestSpan[]): { readonly own: TestSpan; readonly steps: readonly TestSpan[] } {
  const own = spans.find(({ kind }) => kind === 2);
  if (!own) throw new Error("no span is of a request");
  return { own, steps: spans.filter((span) => span !== own) };
}
