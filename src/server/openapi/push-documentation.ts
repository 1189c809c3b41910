import type { DocumentationTag } from "../../formats/format.ts";
import type { OperationSpecification } from "./operation.ts";

const METRICS: DocumentationTag = { name: "Metrics", description: "What others have counted." };

/** What the OpenAPI document says of metrics that are pushed. */
export const PUSH_DOCUMENTATION: Readonly<Record<"pushMetrics", readonly [OperationSpecification]>> = {
  pushMetrics: [
    {
      id: "pushMetrics",
      tag: METRICS,
      summary: "Add metrics of others to the gateway's own, over OTLP",
      description:
        "Of the names that the gateway's own metrics about models, tools and guardrails have, with delta temporality. At most " +
        "4 MiB, compressed or not. What of it was not taken is said in partialSuccess. 403 unless " +
        "TELEMETRY_METRICS_PUSH_ENABLED=true.",
      requestBody: {
        content: {
          "application/json": { schema: { type: "object" } },
          "application/x-protobuf": { schema: { type: "string", format: "binary" } },
        },
      },
      answer: { "application/json": { type: "object" }, "application/x-protobuf": { type: "string" } },
      errors: [400, 403, 413, 415],
    },
  ],
};
