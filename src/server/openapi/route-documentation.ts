import type { DocumentationTag } from "../../formats/format.ts";
import type { HandledRouteName, ROUTES } from "../routes.ts";
import { schemaReference } from "./components.ts";
import { HISTORY_DOCUMENTATION } from "./history-documentation.ts";
import { PUSH_DOCUMENTATION } from "./push-documentation.ts";
import { type OperationSpecification, type Parameter, pathParameter } from "./operation.ts";

const PROVIDER_SCHEMA = schemaReference("Provider");

/** On every route that asks a provider. */
export const PROVIDER_PARAMETER: Parameter = {
  name: "provider",
  in: "query",
  description: "Id of the provider to ask, whatever the model name says.",
  schema: PROVIDER_SCHEMA,
};

const INCLUDE_PARAMETER: Parameter = {
  name: "include",
  in: "query",
  description: "Comma list of what to add to every model: context_window, pricing, modalities.",
  schema: { type: "string" },
  example: "context_window,modalities",
};

const MODELS: DocumentationTag = { name: "Models", description: "What can be asked." };
const ROUTING: DocumentationTag = { name: "Routing", description: "Names that stand for several deployments." };
const MCP: DocumentationTag = { name: "MCP", description: "Tools of the connected MCP servers." };
const PROXY: DocumentationTag = { name: "Proxy", description: "Everything else a provider has." };
const HEALTH: DocumentationTag = { name: "Health", description: "State of the gateway." };
const DOCUMENTATION: DocumentationTag = { name: "Documentation", description: "What you are looking at." };

const HEALTH_CHECK: OperationSpecification = {
  id: "health",
  tag: HEALTH,
  summary: "Is the gateway running",
  description: "Asks no provider and needs no credential.",
  answer: { "application/json": schemaReference("HealthResponse") },
  errors: [],
};

const PASSTHROUGH: OperationSpecification = {
  id: "Proxy",
  tag: PROXY,
  summary: "Pass a request through to a provider",
  description:
    "Path, query, body and answer pass through unchanged, whatever their types and statuses; only the credential is " +
    "the gateway's. Headers pass in both directions by allow-list. Errors of the provider are relayed as they are, but for " +
    "its key.",
  parameters: [
    pathParameter("provider", "Id of the provider.", { schema: PROVIDER_SCHEMA }),
    pathParameter("path", "Path at the provider; slashes are not encoded."),
  ],
  requestBody: { content: { "*/*": { schema: {} } } },
  answer: { "application/json": schemaReference("ProviderSpecificResponse") },
  errors: [400, 403, 404, 413, 502, 504],
};

const HTML = { "text/html": { type: "string" } } as const;

/** What is said of each path of a row, in their order. */
type PerPath<RowPaths extends readonly string[]> = { readonly [Index in keyof RowPaths]: OperationSpecification };

/**
 * What the OpenAPI document says of the routes without a format; those with one are described in its folder. Paths,
 * methods and rights follow from the rows, so only what people read is here. A path without its entry is a type error.
 */
export const ROUTE_DOCUMENTATION: {
  readonly [Name in HandledRouteName]: PerPath<(typeof ROUTES)[Name]["paths"]>;
} = {
  models: [
    {
      id: "listModels",
      tag: MODELS,
      summary: "List the models of all providers, or of one",
      description:
        "The gateway's own names come first, unless provider is given. A provider that fails or is slow is left out, unless it " +
        "is that one. With anthropic-version the answer is a page in Anthropic's form, by limit, after_id and before_id.",
      parameters: [PROVIDER_PARAMETER, INCLUDE_PARAMETER],
      answer: { "application/json": schemaReference("ListModelsResponse") },
      errors: [400, 502, 504],
    },
  ],
  model: [
    {
      id: "getModel",
      tag: MODELS,
      summary: "Describe one model",
      parameters: [
        pathParameter(
          "id",
          "Model id, <provider>/<id at the provider> or a name of the gateway's own; slashes are not encoded.",
        ),
        INCLUDE_PARAMETER,
      ],
      answer: { "application/json": schemaReference("Model") },
      errors: [400, 404, 502, 504],
    },
  ],
  googleModels: [
    {
      id: "listGoogleModels",
      tag: MODELS,
      summary: "List the models of all providers, or of one, as Google's API does",
      parameters: [
        PROVIDER_PARAMETER,
        { name: "pageSize", in: "query", description: "At most 1000; 50 if absent.", schema: { type: "integer" } },
        {
          name: "pageToken",
          in: "query",
          description: "nextPageToken of the page before.",
          schema: { type: "string" },
        },
      ],
      answer: { "application/json": schemaReference("ListGoogleModelsResponse") },
      errors: [400, 502, 504],
    },
  ],
  googleModel: [
    {
      id: "getGoogleModel",
      tag: MODELS,
      summary: "Describe one model as Google's API does",
      parameters: [pathParameter("model", "Model id, <provider>/<id at the provider>; slashes are not encoded.")],
      answer: { "application/json": schemaReference("GoogleModel") },
      errors: [400, 404, 502, 504],
    },
  ],
  routing: [
    {
      id: "showRouting",
      tag: ROUTING,
      summary: "Show the gateway's own models, their deployments and how these are",
      description: "With several workers, as the one that answers knows it. Asks no provider.",
      answer: { "application/json": schemaReference("RoutingResponse") },
      errors: [],
    },
  ],
  ...HISTORY_DOCUMENTATION,
  ...PUSH_DOCUMENTATION,
  tools: [
    {
      id: "listTools",
      tag: MCP,
      summary: "List the tools of the connected MCP servers",
      description: "403 unless MCP_EXPOSE=true.",
      answer: { "application/json": schemaReference("ListToolsResponse") },
      errors: [403],
    },
  ],
  proxy: [PASSTHROUGH, { ...PASSTHROUGH, id: "ProxyV1" }],
  start: [
    {
      id: "start",
      tag: DOCUMENTATION,
      summary: "What this is, and where to go on",
      answer: { "application/json": { type: "object" } },
      errors: [],
    },
  ],
  health: [
    HEALTH_CHECK,
    { ...HEALTH_CHECK, id: "healthV1", description: "The same as /health, where clients look under /v1." },
  ],
  readiness: [{ ...HEALTH_CHECK, id: "ready", summary: "Will the gateway take new requests", errors: [503] }],
  documentation: [
    { id: "documentationPage", tag: DOCUMENTATION, summary: "This documentation as a page", answer: HTML, errors: [] },
  ],
  documentationAssets: [
    {
      id: "documentationAsset",
      tag: DOCUMENTATION,
      summary: "Scripts and styles of that page",
      parameters: [pathParameter("name", "Name of the file.")],
      answer: { "text/javascript": { type: "string" }, "text/css": { type: "string" } },
      errors: [404],
    },
  ],
  openApiDocument: [
    {
      id: "openApiDocument",
      tag: DOCUMENTATION,
      summary: "This documentation as an OpenAPI document",
      answer: { "application/json": { type: "object" } },
      errors: [],
    },
  ],
  guide: [
    { id: "guide", tag: DOCUMENTATION, summary: "First page of the user's guide", answer: HTML, errors: [] },
    {
      id: "guidePage",
      tag: DOCUMENTATION,
      summary: "A page of the user's guide, as HTML or, if its name ends in .md, as Markdown",
      parameters: [pathParameter("page", "Name of the page.", { example: "settings" })],
      answer: { ...HTML, "text/markdown": { type: "string" } },
      errors: [404],
    },
  ],
};
