import type { ElysiaSwaggerConfig } from "@elysiajs/swagger/types";
import type { ErrorEnvelopeName } from "../../formats/error-body.ts";
import type { DocumentationTag } from "../../formats/format.ts";
import type { RouteRow } from "../routes.ts";
import { schemaReference, type SchemaReference } from "./components.ts";
import * as errors from "../../formats/error-schemas.ts";
import { SSEvent } from "../../formats/chat/stream-schema.ts";
import * as models from "../../routing/model-schemas.ts";
import * as mcp from "../../tools/schemas.ts";
import * as health from "../health-schema.ts";
import * as history from "../history-schema.ts";
import * as routing from "../routing-schema.ts";

/**
 * The schemas of the API that belong to no format, under their own names; the formats bring theirs with them. The files
 * named here export schemas and their types, nothing else.
 */
export const SCHEMAS = { ...models, ...mcp, ...errors, ...health, ...routing, ...history, SSEvent } as const;

/** Name of a schema of the API that belongs to no format. */
type SchemaName = keyof typeof SCHEMAS;

/** The parts of an OpenAPI 3.0 document, as the documentation plugin takes them. */
type Documentation = NonNullable<ElysiaSwaggerConfig["documentation"]>;
export type Paths = NonNullable<Documentation["paths"]>;
export type PathItem = NonNullable<Paths[string]>;
type Operation = NonNullable<PathItem["get"]>;
export type Parameter = NonNullable<Operation["parameters"]>[number];
type OperationResponse = Operation["responses"][string];
/** What is in the body of an answer. */
type Schema = SchemaReference | { readonly type: "string" | "object" };

/** A part of the path: all of what `*` matches in the row, or a piece of it. */
export function pathParameter(name: string, description: string, more?: Partial<Parameter>): Parameter {
  return { name, in: "path", required: true, description, schema: { type: "string" }, ...more };
}

/** What an operation says about itself; what follows from the row of its route is added to it. */
export interface OperationSpecification {
  /** Unique in the document; of a route that takes all methods, the part after the method. */
  readonly id: string;
  readonly tag: DocumentationTag;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  /** Absent if the route takes no body. */
  readonly requestBody?: NonNullable<Operation["requestBody"]>;
  /** Schemas of the answer with status 200, by media type. */
  readonly answer: Readonly<Record<string, Schema>>;
  /** What the headers of that answer mean, beside `X-Request-Id`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of the errors that this route can answer, apart from 500 and those of a missing credential. */
  readonly errors: readonly ErrorStatus[];
}

/** What each error status of the gateway means. */
const ERRORS = {
  400: "The request is not valid, or does not say which provider it is for.",
  401: "The credential is missing or not valid.",
  403: "The policy of the operator forbids it, or a web page of another origin asks a gateway without authentication.",
  404: "There is no such thing.",
  413: "The request body is larger than the operator allows.",
  415: "The body is announced as something else than this route takes.",
  429: "The provider limits the rate; Retry-After says when to ask again.",
  500: "The gateway failed.",
  502: "The provider could not be reached or did not answer in HTTP.",
  503: "The gateway is shutting down.",
  504: "A deadline passed while waiting for the provider.",
} as const;

export type ErrorStatus = keyof typeof ERRORS;

function needsCredential({ open, staticPage }: RouteRow): boolean {
  return !open && !staticPage;
}

/** The ways to send a credential, of which one is enough: `components.securitySchemes` of the document. */
export const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "A JWT of an issuer, or one of AUTH_API_KEYS." },
  x_api_key: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "The same, as Anthropic's clients send it.",
  },
  api_key: { type: "apiKey", in: "header", name: "api-key", description: "The same, as Azure's clients send it." },
  x_goog_api_key: {
    type: "apiKey",
    in: "header",
    name: "x-goog-api-key",
    description: "The same, as Google's clients send it for models and to the routes of Gemini's API.",
  },
  google_key: {
    type: "apiKey",
    in: "query",
    name: "key",
    description: "The same there, for clients that know no header.",
  },
} as const;

/** Those that not every row takes, by how it serves Google's clients. */
const GOOGLE_SCHEMES: Readonly<Record<NonNullable<RouteRow["servesGoogle"]> | "none", readonly string[]>> = {
  none: ["x_goog_api_key", "google_key"],
  clients: ["google_key"],
  all: [],
};

const schemesOf = ({ servesGoogle }: RouteRow): Record<string, string[]>[] =>
  Object.keys(SECURITY_SCHEMES)
    .filter((name) => !GOOGLE_SCHEMES[servesGoogle ?? "none"].includes(name))
    .map((name) => ({ [name]: [] }));

/** What every route answers that needs a credential. */
const GUARDED: readonly ErrorStatus[] = [401, 403];

const ERROR_SCHEMAS: Readonly<Record<ErrorEnvelopeName, SchemaName>> = {
  simple: "ErrorResponse",
  openai: "OpenAIErrorResponse",
  anthropic: "AnthropicErrorResponse",
  google: "GoogleErrorResponse",
};

/** Methods whose requests carry a body as a rule. */
const WITH_BODY: ReadonlySet<string> = new Set(["put", "post", "patch"]);

const STRING = { type: "string" } as const;

const REQUEST_ID = {
  "X-Request-Id": { description: "Identifies the exchange; the client's own where it sent one.", schema: STRING },
};

function contentOf(schemas: OperationSpecification["answer"]): Record<string, { schema: Schema }> {
  return Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
}

const headersOf = (headers: OperationSpecification["headers"] = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, { description, schema: STRING }]));

function errorResponse(status: ErrorStatus, schema: SchemaName): OperationResponse {
  return {
    description: ERRORS[status],
    content: contentOf({ "application/json": schemaReference(schema) }),
    headers:
      status === 401
        ? { ...REQUEST_ID, "WWW-Authenticate": { description: "Bearer and its error.", schema: STRING } }
        : REQUEST_ID,
  };
}

function operation(row: RouteRow, specification: OperationSpecification): Operation {
  const { id, tag, summary, description, parameters, requestBody, answer, headers, errors } = specification;
  const errorSchema = ERROR_SCHEMAS[(row.format?.errors ?? row.errors)?.name ?? "simple"];
  const statuses = [...new Set<ErrorStatus>([...(needsCredential(row) ? GUARDED : []), ...errors, 500])].sort(
    (a, b) => a - b,
  );
  return {
    operationId: id,
    tags: [tag.name],
    summary,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && { parameters: [...parameters] }),
    ...(requestBody !== undefined && { requestBody }),
    security: needsCredential(row) ? schemesOf(row) : [],
    responses: {
      200: { description: "OK", headers: { ...REQUEST_ID, ...headersOf(headers) }, content: contentOf(answer) },
      ...Object.fromEntries(statuses.map((status) => [status, errorResponse(status, errorSchema)])),
    },
  };
}

/** Writes one path of the OpenAPI document: an operation for each method that the row takes. */
export function pathItem(row: RouteRow, specification: OperationSpecification): PathItem {
  if (row.allowed === undefined) return { [row.method.toLowerCase()]: operation(row, specification) };
  const { parameters, requestBody, ...rest } = specification;
  const operations = row.allowed.map((allowed) => {
    const method = allowed.toLowerCase();
    const body = requestBody !== undefined && WITH_BODY.has(method) ? { requestBody } : {};
    return [method, operation(row, { ...rest, ...body, id: method + specification.id })];
  });
  return { ...(parameters && { parameters: [...parameters] }), ...Object.fromEntries(operations) };
}
