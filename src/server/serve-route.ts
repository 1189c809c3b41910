import type { Authenticate } from "../auth/authenticate.ts";
import { type ErrorEnvelope, failureHeaders, failureStatus, renderFailureBody } from "../formats/error-body.ts";
import type { RequestContext, Outcome } from "../core/request-context.ts";
import type { InFlightRequests } from "../core/in-flight-requests.ts";
import { Failure, toFailure } from "../core/errors.ts";
import { requireJson } from "./require-json.ts";
import type { RequireOwnOrigin } from "./require-own-origin.ts";
import { requireWellFormed } from "./require-well-formed.ts";
import { type Cors, isPreflight } from "./cors.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Answers one request. It may settle its exchange itself; where it does not, the exchange is settled as answered when
 * the response is returned. Whatever it throws becomes the error response.
 */
export type RouteHandler = (context: RequestContext, request: Request) => Response | Promise<Response>;

/** What stands between every request and its handler. */
export interface ServeParts {
  readonly book: InFlightRequests;
  /** The envelope of every error outside of Anthropic's routes. */
  readonly envelope: Exclude<ErrorEnvelope, "anthropic">;
  /** Absent where authentication is off: then no request pays for it. */
  readonly authenticate: Authenticate | undefined;
  /** Absent where authentication is on: a page of another origin has no credential. */
  readonly requireOwnOrigin: RequireOwnOrigin | undefined;
  /** Whether each answer is to be the last one of its connection. */
  readonly endsConnections?: () => boolean;
  /** Absent where no web page of another origin may call. */
  readonly cors: Cors | undefined;
}

/**
 * Wraps a handler in what every request needs: an exchange, the decision who may pass, errors in the right envelope, and
 * one settle on every exit. Nothing of a request but its form is looked at before its credential, which is decided on the
 * handler that the router chose and on nothing that could be spelt otherwise.
 * @returns a function of the request and its bearer token.
 */
export function serveRoute(
  { book: requests, envelope, authenticate, requireOwnOrigin, endsConnections, cors }: ServeParts,
  row: RouteRow,
  handler: RouteHandler,
): (request: Request, token: string | undefined) => Promise<Response> {
  const route = row.paths[0] ?? "";
  const rowEnvelope = row.anthropicErrors ? "anthropic" : envelope;
  const decide = row.open ? undefined : authenticate;
  const checkOrigin = row.open ? undefined : requireOwnOrigin;
  // The router brings OPTIONS to no other rows.
  const mayBePreflight = row.method === "ALL";

  const refuse = (context: RequestContext, error: unknown): Response => {
    const failure = toFailure(error);
    const body = renderFailureBody(failure, rowEnvelope, context.id);
    context.failure = failure.code;
    context.cause = failure.details.cause;
    context.status = failureStatus(failure, rowEnvelope);
    context.bytesOut = Buffer.byteLength(body);
    requests.finish(context, outcomeOf(failure));
    return new Response(body, {
      status: context.status,
      headers: failureHeaders(failure, rowEnvelope, context.id),
    });
  };

  const answerPreflight = (context: RequestContext, request: Request): Response => {
    const permission = cors?.preflight(context, request);
    if (!permission) throw new Failure("origin_not_allowed");
    return permission;
  };

  return async (request, token) => {
    const context = requests.open(request, route);
    let response: Response;
    try {
      const host = requireWellFormed(request, row.open);
      if (checkOrigin && host !== null) checkOrigin(request, host, row);
      const preflight = mayBePreflight && isPreflight(request) ? answerPreflight(context, request) : undefined;
      if (!preflight && decide) {
        const apiKey = row.acceptsApiKeyHeader ? request.headers.get("x-api-key") : null;
        const decision = decide(token ?? apiKey ?? undefined);
        // Mostly it is there at once.
        context.principal = decision instanceof Promise ? await decision : decision;
      }
      if (row.json) requireJson(request);
      response = preflight ?? (await handler(context, request));
      // One with a call that can still end it goes on after this, and is booked by whoever opened the call.
      if (context.call === undefined && context.outcome === undefined) {
        context.status = response.status;
        requests.finish(context, "answered");
      }
    } catch (error) {
      response = refuse(context, error);
    }
    if (endsConnections?.()) response.headers.set("connection", "close");
    return cors ? cors.permit(request, response) : response;
  };
}

function outcomeOf(failure: Failure): Outcome {
  if (failure.code === "client_gone") return "client_gone";
  return failure.code === "provider_error" ? "answered" : "failed";
}
