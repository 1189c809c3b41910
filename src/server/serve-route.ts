import type { Authenticate } from "../auth/authenticate.ts";
import { type ErrorEnvelope, renderFailure } from "../dialects/render-failure.ts";
import type { Exchange, Outcome } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { type Failure, toFailure } from "../failure/failure.ts";
import { requireWellFormed } from "./require-well-formed.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Answers one request. It may settle its exchange itself; where it does not, the exchange is settled as answered when
 * the response is returned. Whatever it throws becomes the error response.
 */
export type RouteHandler = (exchange: Exchange, request: Request) => Response | Promise<Response>;

/**
 * Wraps a handler in what every request needs: an exchange, the decision who may pass, errors in the right envelope, and
 * one settle on every exit. Nothing of a request is looked at before its credential, which is decided on the handler
 * that the router chose and on nothing that could be spelt otherwise.
 * @returns a function of the request and its bearer token.
 */
export function serveRoute(
  book: ExchangeBook,
  row: RouteRow,
  envelope: ErrorEnvelope,
  authenticate: Authenticate | undefined,
  handler: RouteHandler,
): (request: Request, token: string | undefined) => Promise<Response> {
  const route = row.paths[0] ?? "";
  const rowEnvelope = row.anthropicErrors ? "anthropic" : envelope;
  const decide = row.open ? undefined : authenticate;

  return async (request, token) => {
    const exchange = book.open(request, route);
    try {
      if (decide) {
        const apiKey = row.acceptsApiKeyHeader ? request.headers.get("x-api-key") : null;
        exchange.identity = await decide(token ?? apiKey ?? undefined);
      }
      // Load balancers ask for health by HTTP/1.0 and without a Host.
      if (!row.open) requireWellFormed(request);
      const response = await handler(exchange, request);
      if (!exchange.streaming && exchange.outcome === undefined) {
        exchange.status = response.status;
        book.settle(exchange, "answered");
      }
      return response;
    } catch (error) {
      const failure = toFailure(error);
      exchange.failure = failure.code;
      exchange.cause = failure.details.cause;
      exchange.status = failure.status;
      book.settle(exchange, outcomeOf(failure));
      return renderFailure(failure, rowEnvelope, exchange.id);
    }
  };
}

function outcomeOf(failure: Failure): Outcome {
  if (failure.code === "client_gone") return "client_gone";
  return failure.code === "provider_error" ? "answered" : "failed";
}
