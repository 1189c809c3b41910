import { Elysia } from "elysia";
import type { ErrorEnvelope } from "../dialects/render-failure.ts";
import type { ExchangeBook } from "../exchange/exchange-book.ts";
import { Failure } from "../failure/failure.ts";
import { allowedMethods, ROUTES, type RouteName, type RouteRow } from "./routes.ts";
import { type RouteHandler, serveRoute } from "./serve-route.ts";

export interface ApplicationParts {
  readonly book: ExchangeBook;
  /** The envelope of every error outside of Anthropic's routes. */
  readonly envelope: Exclude<ErrorEnvelope, "anthropic">;
  /** A route without a handler is not registered. */
  readonly handlers: Partial<Record<RouteName, RouteHandler>>;
}

/** The Elysia application: every route of {@link ROUTES} that has a handler, and the answer to everything else. */
export function createApplication({ book, envelope, handlers }: ApplicationParts) {
  const application = new Elysia({
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
    precompile: true,
  });

  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const handler = handlers[name];
    if (!handler) continue;
    const row: RouteRow = ROUTES[name];
    const serve = serveRoute(book, row.paths[0] ?? name, row.anthropicErrors ? "anthropic" : envelope, handler);
    for (const path of row.paths) {
      // The body stays unread: handlers take its bytes themselves, bounded.
      application.route(row.method, path, ({ request }) => serve(request), { parse: "none" });
    }
  }

  const serveUnknown = (anthropic: boolean) =>
    serveRoute(book, "unknown", anthropic ? "anthropic" : envelope, (_, request) => {
      const allowed = allowedMethods(new URL(request.url).pathname);
      if (allowed.length === 0) throw new Failure("route_not_found");
      throw new Failure("method_not_allowed", { headers: { allow: allowed.join(", ") } });
    });
  const unknown = serveUnknown(false);
  const unknownMessages = serveUnknown(true);

  // Handlers turn their own errors into responses, so what arrives here is a request that no route takes.
  return application.onError(({ request }) =>
    new URL(request.url).pathname.startsWith("/v1/messages") ? unknownMessages(request) : unknown(request),
  );
}
