import type { DocumentationTag } from "../../formats/format.ts";
import { type FilterName, FILTERS, OUTCOMES, USAGE_FILTERS } from "../../telemetry/history/filters.ts";
import { GROUPS } from "../../telemetry/history/queries.ts";
import { schemaReference } from "./components.ts";
import { type OperationSpecification, type Parameter, pathParameter } from "./operation.ts";

const HISTORY: DocumentationTag = {
  name: "History",
  description: "What became of requests, with HISTORY_ENABLED=true.",
};

const parameter = (name: string, description: string, more: Partial<Parameter> = {}): Parameter => ({
  name,
  in: "query",
  description,
  schema: { type: "string" },
  ...more,
});

const TIMES = "A date, a time with its offset from UTC, or seconds since 1970";

const PERIOD = [
  parameter("from", `${TIMES}: where the period begins.`, { example: "2026-11-01" }),
  parameter("to", `${TIMES}: before which it ends; now if absent.`),
] as const;

const FILTER_DETAILS: Partial<Record<FilterName, Partial<Parameter>>> = {
  model: {
    description:
      "Only rows with this model: as rows have it, with the provider before it, or the alias that was asked for.",
    example: "openai/gpt-4o",
  },
  status: { schema: { type: "integer" } },
  outcome: { schema: { type: "string", enum: [...OUTCOMES] } },
};

const USAGE_FILTER_DETAILS: Partial<Record<FilterName, Partial<Parameter>>> = {
  model: {
    description: "Only what this model used: as sums have it, or with the provider before it; not an alias.",
    example: "openai/gpt-4o",
  },
};

/** What the OpenAPI document says of the routes of the request history. */
export const HISTORY_DOCUMENTATION: Readonly<
  Record<"usage" | "requests" | "request", readonly [OperationSpecification]>
> = {
  usage: [
    {
      id: "showUsage",
      tag: HISTORY,
      summary: "Sum up what was used",
      description:
        "Of whole hours, by default of the last 7 days; at most 400 days. A model that no provider has answered well to is " +
        "other. Of more than 10,000 groups JSON has the first ones and is_cut, and CSV is refused. 404 unless HISTORY_ENABLED=true.",
      parameters: [
        ...PERIOD,
        parameter("group_by", `Comma list of ${GROUPS.join(", ")}; hour or day. One sum if absent.`, {
          example: "model,day",
        }),
        parameter("format", "json or csv; what Accept asks for if absent.", {
          schema: { type: "string", enum: ["json", "csv"] },
        }),
        ...USAGE_FILTERS.map((name) => parameter(name, `Only what this ${name} used.`, USAGE_FILTER_DETAILS[name])),
      ],
      answer: { "application/json": schemaReference("UsageResponse"), "text/csv": { type: "string" } },
      errors: [400, 404, 503],
    },
  ],
  requests: [
    {
      id: "listRequests",
      tag: HISTORY,
      summary: "List requests that are over, the latest first",
      description:
        "A page with filters may hold fewer rows than limit, or none, while there are more: go on with after until next_after " +
        "is null. 404 unless HISTORY_ENABLED=true.",
      parameters: [
        ...PERIOD,
        parameter("limit", "Most rows of the page, 1 to 1000; 100 if absent.", { schema: { type: "integer" } }),
        parameter("after", "next_after of the page before."),
        ...FILTERS.map((name) => parameter(name, `Only rows with this ${name}.`, FILTER_DETAILS[name])),
      ],
      answer: { "application/json": schemaReference("RequestsResponse") },
      errors: [400, 404, 503],
    },
  ],
  request: [
    {
      id: "showRequest",
      tag: HISTORY,
      summary: "Show one request that is over",
      description:
        "With HISTORY_CONTENT=true also what was asked and answered, to the client that asked. 404 unless HISTORY_ENABLED=true.",
      parameters: [pathParameter("id", "The id of its row.")],
      answer: { "application/json": schemaReference("RequestDetails") },
      errors: [404, 503],
    },
  ],
};
