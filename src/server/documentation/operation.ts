import type { SchemaName } from "../../schemas/index.ts";
import { schemaReference, type SchemaReference } from "../../schemas/to-components.ts";
import type { Operation, OperationResponse, Parameter } from "./open-api.ts";

/** What an operation says about itself; the responses that every route has are added to it. */
export interface OperationSpecification {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  /** Schema of the JSON body; absent where the route takes none. */
  readonly body?: SchemaName;
  /** A body that works, for the page to offer. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** Schema of the JSON answer with status 200. */
  readonly answer: SchemaName;
  /** Schema of one event, where the route can answer with a stream. */
  readonly event?: SchemaName;
  /** Statuses of the errors that this route can answer, apart from 500. */
  readonly errors: readonly ErrorStatus[];
  /** Schema of the errors; `ErrorResponse` where absent. */
  readonly errorSchema?: SchemaName;
  /** False where the route answers without a credential even with `AUTH_ENABLED=true`. */
  readonly guarded?: false;
}

/** What each error status of the gateway means. */
const ERRORS = {
  400: "The request is not valid, or no provider can be told from it.",
  401: "The bearer token is missing or not valid.",
  403: "The policy of the operator forbids it, or a web page of another origin asks a gateway without authentication.",
  404: "There is no such thing.",
  413: "The request body is larger than the operator allows.",
  415: "The body is announced as something else than JSON.",
  429: "The provider limits the rate; Retry-After tells when to ask again.",
  500: "The gateway failed.",
  502: "The provider could not be reached or did not answer in HTTP.",
  503: "The gateway is shutting down.",
  504: "A deadline passed while waiting for the provider.",
} as const;

export type ErrorStatus = keyof typeof ERRORS;

const STRING = { type: "string" } as const;

const REQUEST_ID = {
  "X-Request-Id": { description: "Identifies the exchange; the client's own where it sent one.", schema: STRING },
};

function jsonContent(name: SchemaName): { "application/json": { schema: SchemaReference } } {
  return { "application/json": { schema: schemaReference(name) } };
}

function errorResponse(status: ErrorStatus, schema: SchemaName): OperationResponse {
  return {
    description: ERRORS[status],
    content: jsonContent(schema),
    headers:
      status === 401
        ? { ...REQUEST_ID, "WWW-Authenticate": { description: "Bearer and its error.", schema: STRING } }
        : REQUEST_ID,
  };
}

/** Writes one operation of the OpenAPI document. */
export function operation(specification: OperationSpecification): Operation {
  const { id, tag, summary, description, parameters, body, example, answer, event, errors } = specification;
  const errorSchema = specification.errorSchema ?? "ErrorResponse";
  const guarded = specification.guarded !== false;
  const statuses = [...new Set<ErrorStatus>([...(guarded ? [401 as const, 403 as const] : []), ...errors, 500])].sort(
    (a, b) => a - b,
  );
  const stream = event === undefined ? {} : { "text/event-stream": { schema: schemaReference(event) } };
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters: [...parameters] }),
    ...(body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { "application/json": { schema: schemaReference(body), example } } },
        }),
    security: guarded ? [{ bearer: [] }] : [],
    responses: {
      200: { description: "OK", headers: REQUEST_ID, content: { ...jsonContent(answer), ...stream } },
      ...Object.fromEntries(statuses.map((status) => [status, errorResponse(status, errorSchema)])),
    },
  };
}
