import { encodeOfficial, official } from "../../fixtures/otlp-schema.ts";
import type { StartedGateway } from "../../routes/started-gateway.ts";
import { METRICS } from "../metrics/read-metrics.ts";

export const PUSH = { ...METRICS, TELEMETRY_METRICS_PUSH_ENABLED: "true" } as const;

export const REQUEST = official("metrics", "ExportMetricsServiceRequest");
const ANSWER = official("metrics", "ExportMetricsServiceResponse");

const DELTA = 1;
export const CUMULATIVE = 2;

/** Attributes as OTLP's JSON has them; a value that is no text is written as it is. */
export const attributes = (given: Readonly<Record<string, string | object>>) =>
  Object.entries(given).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : value,
  }));

export const sum = (name: string, points: readonly object[], more: object = {}) => ({
  name,
  sum: { aggregationTemporality: DELTA, isMonotonic: true, dataPoints: points, ...more },
});

export const histogram = (name: string, points: readonly object[], more: object = {}) => ({
  name,
  histogram: { aggregationTemporality: DELTA, dataPoints: points, ...more },
});

/** The body of a request, as OTLP's JSON has it. */
export const requestOf = (metrics: readonly object[], serviceName?: string) => ({
  resourceMetrics: [
    {
      ...(serviceName !== undefined && { resource: { attributes: attributes({ "service.name": serviceName }) } }),
      scopeMetrics: [{ scope: { name: "test" }, metrics }],
    },
  ],
});

export interface PushAnswer {
  readonly status: number;
  readonly type: string | null;
  /** How many points were not taken, and why. */
  readonly rejected: number;
  readonly reason: string;
}

export const PROTOBUF = "application/x-protobuf";

/** Pushes bytes as they are. */
export const pushBytes = (
  { send }: Pick<StartedGateway, "send">,
  bytes: Uint8Array | string,
  headers: Readonly<Record<string, string>> = { "content-type": PROTOBUF },
): Promise<Response> => send("POST", "/v1/metrics", bytes, headers);

/** Pushes a request in either encoding, and reads the answer, which must be in the same. */
export async function push(
  started: Pick<StartedGateway, "send">,
  request: object,
  encoding: "protobuf" | "json" = "protobuf",
): Promise<PushAnswer> {
  const isJson = encoding === "json";
  const response = isJson
    ? await pushBytes(started, JSON.stringify(request), { "content-type": "application/json; charset=utf-8" })
    : await pushBytes(started, encodeOfficial(REQUEST, request));
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const answer = (isJson ? JSON.parse(Buffer.from(bytes).toString()) : ANSWER.decode(bytes)) as {
    readonly partialSuccess?: { readonly rejectedDataPoints?: unknown; readonly errorMessage?: string } | null;
  };
  const { rejectedDataPoints = 0, errorMessage = "" } = answer.partialSuccess ?? {};
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    rejected: Number(String(rejectedDataPoints)),
    reason: errorMessage,
  };
}
