import { type ErrorEnvelope, renderFailure } from "../dialects/render-failure.ts";
import type { Exchange, Outcome } from "../exchange/exchange.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { type Failure, toFailure } from "../failure/failure.ts";

/**
 * Answers one request. It may settle its exchange itself; where it does not, the exchange is settled as answered when
 * the response is returned. Whatever it throws becomes the error response.
 */
export type RouteHandler = (exchange: Exchange, request: Request) => Response | Promise<Response>;

/** Wraps a handler in what every request needs: an exchange, errors in the right envelope, and one settle on every exit. */
export function serveRoute(
  book: ExchangeBook,
  route: string,
  envelope: ErrorEnvelope,
  handler: RouteHandler,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const exchange = book.open(request, route);
    try {
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
      return renderFailure(failure, envelope, exchange.id);
    }
  };
}

function outcomeOf(failure: Failure): Outcome {
  if (failure.code === "client_gone") return "client_gone";
  return failure.code === "provider_error" ? "answered" : "failed";
}
