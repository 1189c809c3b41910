import type { TSchema } from "@sinclair/typebox";
import type { ApiName, DocumentationTag, Format, FormatDocumentation } from "../../formats/format.ts";
import { isTranslated } from "../../formats/wires.ts";
import { type HandledRouteName, readablePath, ROUTE_ROWS, type RouteRow } from "../routes.ts";
import { schemaReference, type SchemaReference } from "./components.ts";
import {
  type ErrorStatus,
  type OperationSpecification,
  type Parameter,
  pathItem,
  type Paths,
  SCHEMAS,
} from "./operation.ts";
import { PROVIDER_PARAMETER, ROUTE_DOCUMENTATION } from "./route-documentation.ts";

/** What an OpenAPI document says of all routes. */
export interface RoutesDescription {
  readonly paths: Paths;
  /** In the order of the routes. */
  readonly tags: readonly DocumentationTag[];
  /** Every schema that the paths refer to, by its name. */
  readonly schemas: Readonly<Record<string, TSchema>>;
}

/** Errors of every route that calls a provider with a JSON body that names a model. */
const RELAYED: readonly ErrorStatus[] = [400, 403, 413, 415, 429, 502, 504];

/** Errors of every one without a body. */
const RELAYED_WITHOUT_BODY: readonly ErrorStatus[] = [400, 403, 404, 429, 502, 504];

/** Headers that steer the tools of the gateway, on the routes on which models are offered them. */
const TOOL_PARAMETERS: readonly Parameter[] = [
  {
    name: "X-MCP-Bypass",
    in: "header",
    description: "Any value: leave the tools of the MCP servers out of this request.",
    schema: { type: "string" },
  },
  {
    name: "X-MCP-Show-Tools",
    in: "header",
    description: "true: show the tool calls that the gateway runs itself as well.",
    schema: { type: "string" },
  },
];

/** Headers of answers of models: those of a name that stands for several deployments, and what it cost. */
const ANSWER_HEADERS = {
  "X-Selected-Provider": "Id of the provider that answered, if the model is one of the gateway's own names.",
  "X-Selected-Model": "The model in its naming.",
  "X-Attempts": "How many attempts were made, if more than one.",
  "X-Cost-Usd": "What an answer that is no stream cost in US dollars, with COST_HEADER=true and if its price is known.",
};

/** Ids of models, as clients ask for them, with which the examples work here; by API. */
export type ExampleModels = Readonly<Partial<Record<ApiName, string>>>;

/** Writes down every route of the gateway, which the router could not: it takes raw bytes and wildcards. */
export async function describeRoutes(examples: ExampleModels = {}): Promise<RoutesDescription> {
  const paths: Paths = {};
  const tags = new Map<string, DocumentationTag>();
  const schemas: Record<string, TSchema> = { ...SCHEMAS };

  const describe = (row: RouteRow, path: string, specification: OperationSpecification): void => {
    const readable = readablePath(row, path);
    paths[readable] = { ...paths[readable], ...pathItem(row, specification) };
    tags.set(specification.tag.name, specification.tag);
  };

  for (const [name, row] of ROUTE_ROWS) {
    if (row.format) {
      const documentation = await row.format.documentation();
      Object.assign(schemas, documentation.schemas);
      for (const path of row.paths) describe(row, path, relayed(row.format, documentation, examples[row.format.api]));
    } else {
      const perPath: readonly OperationSpecification[] = ROUTE_DOCUMENTATION[name as HandledRouteName];
      for (const [index, specification] of perPath.entries()) describe(row, row.paths[index] ?? "", specification);
    }
  }
  return { paths, tags: [...tags.values()], schemas };
}

/** What is said of a route that goes to a provider. */
function relayed(
  { api, inPath, subpath }: Format,
  documentation: FormatDocumentation,
  exampleModel: string | undefined,
): OperationSpecification {
  const { operationId, tag, summary, description, schemas, request, response, streams } = documentation;
  const { pathParameters = {}, queryParameters = {} } = documentation;
  const named = inPath || exampleModel === undefined ? {} : { model: exampleModel };
  const example = { ...documentation.example, ...named };
  const modelInPath = inPath && (exampleModel ?? documentation.exampleModel);
  const body = request && {
    required: true,
    content: { "application/json": { schema: referenceIn(schemas, request), example } },
  };
  return {
    id: operationId,
    tag,
    summary,
    ...(description !== undefined && { description }),
    parameters: [
      ...Object.entries(pathParameters).map(([name, text]) => ({
        ...parameter("path", name, text),
        ...(name === "model" && modelInPath !== undefined && { example: modelInPath }),
      })),
      PROVIDER_PARAMETER,
      ...Object.entries(queryParameters).map(([name, text]) => parameter("query", name, text)),
      ...(isTranslated(api) && subpath === undefined && request ? TOOL_PARAMETERS : []),
    ],
    ...(body && { requestBody: body }),
    answer: {
      "application/json": response ? referenceIn(schemas, response) : schemaReference("ProviderSpecificResponse"),
      ...(streams && { "text/event-stream": schemaReference("SSEvent") }),
    },
    ...(body && { headers: ANSWER_HEADERS }),
    errors: body ? RELAYED : RELAYED_WITHOUT_BODY,
  };
}

function parameter(place: "path" | "query", name: string, description: string): Parameter {
  return { name, in: place, ...(place === "path" && { required: true }), description, schema: { type: "string" } };
}

function referenceIn(schemas: FormatDocumentation["schemas"], schema: TSchema): SchemaReference {
  const name = Object.keys(schemas).find((known) => schemas[known] === schema);
  if (name === undefined) throw new Error("A format describes itself with a schema that it does not name");
  return schemaReference(name);
}
