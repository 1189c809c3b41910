import type { Authenticate } from "../auth/authenticate.ts";
import { type ErrorEnvelope, failureHeaders, failureStatus, renderFailureBody } from "../dialects/render-failure.ts";
import type { Exchange, Outcome } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { Failure, toFailure } from "../failure/failure.ts";
import { requireJson } from "./require-json.ts";
import type { RequireOwnOrigin } from "./require-own-origin.ts";
import { requireWellFormed } from "./require-well-formed.ts";
import { type Cors, isPreflight } from "./cors.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Answers one request. It may settle its exchange itself; where it does not, the exchange is settled as answered when
 * the response is returned. Whatever it throws becomes the error response.
 */
export type RouteHandler = (exchange: Exchange, request: Request) => Response | Promise<Response>;

/** What stands between every request and its handler. */
export interface ServeParts {
  readonly book: ExchangeBook;
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
  { book, envelope, authenticate, requireOwnOrigin, endsConnections, cors }: ServeParts,
  row: RouteRow,
  handler: RouteHandler,
): (request: Request, token: string | undefined) => Promise<Response> {
  const route = row.paths[0] ?? "";
  const rowEnvelope = row.anthropicErrors ? "anthropic" : envelope;
  const decide = row.open ? undefined : authenticate;
  const checkOrigin = row.open ? undefined : requireOwnOrigin;
  // The router brings OPTIONS to no other rows.
  const mayBePreflight = row.method === "ALL";

  const refuse = (exchange: Exchange, error: unknown): Response => {
    const failure = toFailure(error);
    const body = renderFailureBody(failure, rowEnvelope, exchange.id);
    exchange.failure = failure.code;
    exchange.cause = failure.details.cause;
    exchange.status = failureStatus(failure, rowEnvelope);
    exchange.bytesOut = Buffer.byteLength(body);
    book.settle(exchange, outcomeOf(failure));
    return new Response(body, {
      status: exchange.status,
      headers: failureHeaders(failure, rowEnvelope, exchange.id),
    });
  };

  const answerPreflight = (exchange: Exchange, request: Request): Response => {
    const permission = cors?.preflight(exchange, request);
    if (!permission) throw new Failure("origin_not_allowed");
    return permission;
  };

  return async (request, token) => {
    const exchange = book.open(request, route);
    let response: Response;
    try {
      const host = requireWellFormed(request, row.open);
      if (checkOrigin && host !== null) checkOrigin(request, host, row);
      const preflight = mayBePreflight && isPreflight(request) ? answerPreflight(exchange, request) : undefined;
      if (!preflight && decide) {
        const apiKey = row.acceptsApiKeyHeader ? request.headers.get("x-api-key") : null;
        const decision = decide(token ?? apiKey ?? undefined);
        // Mostly it is there at once.
        exchange.identity = decision instanceof Promise ? await decision : decision;
      }
      if (row.json) requireJson(request);
      response = preflight ?? (await handler(exchange, request));
      // One with a call that can still end it goes on after this, and is booked by whoever opened the call.
      if (exchange.call === undefined && exchange.outcome === undefined) {
        exchange.status = response.status;
        book.settle(exchange, "answered");
      }
    } catch (error) {
      response = refuse(exchange, error);
    }
    if (endsConnections?.()) response.headers.set("connection", "close");
    return cors ? cors.permit(request, response) : response;
  };
}

function outcomeOf(failure: Failure): Outcome {
  if (failure.code === "client_gone") return "client_gone";
  return failure.code === "provider_error" ? "answered" : "failed";
}
