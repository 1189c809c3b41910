import { Elysia } from "elysia";
import { Failure } from "../core/errors.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Format } from "../formats/format.ts";
import { type CapacityParts, limitConcurrency } from "./limit-concurrency.ts";
import { allowedMethods, errorScopes, type HandledRouteName, ROUTE_ROWS, type RouteRow } from "./routes.ts";
import { type RouteHandler, serveRoute } from "./serve-route.ts";

export interface ApplicationParts extends CapacityParts {
  /** Answers the requests of every row that has a format. */
  readonly relay: (context: RequestContext, request: Request, format: Format) => Promise<Response>;
  /** What answers the other rows. A route without a handler is not registered. */
  readonly handlers: Partial<Record<HandledRouteName, RouteHandler>>;
}

/** Everything that no route takes: what is left of the paths, and of the methods of known paths. */
const UNKNOWN: RouteRow = { method: "ALL", paths: ["/*"] };

/** The Elysia application: every route of the table that has something to answer it, and the answer to everything else. */
export function createApplication({ relay, handlers, ...parts }: ApplicationParts) {
  const application = new Elysia({
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
    precompile: true,
  });
  const handlersByName: Readonly<Record<string, RouteHandler | undefined>> = handlers;

  const register = (row: RouteRow, handler: RouteHandler): void => {
    const serve = limitConcurrency(parts, row, serveRoute(parts, row, handler));
    for (const path of row.paths) {
      application.route(
        row.method,
        path,
        // Elysia compiles this into a handler for which it reads no header and no query.
        ({ request }) => serve(request),
        // The body stays unread: handlers take its bytes themselves, bounded.
        { parse: "none" },
      );
    }
  };

  const refuseUnknown: RouteHandler = (_, request) => {
    const allowed = allowedMethods(new URL(request.url).pathname);
    if (allowed.length === 0) throw new Failure("route_not_found");
    throw new Failure("method_not_allowed", { headers: { allow: allowed.join(", ") } });
  };
  for (const [name, row] of ROUTE_ROWS) {
    const { format, allowed } = row;
    const handler = format
      ? (context: RequestContext, request: Request) => relay(context, request, format)
      : handlersByName[name];
    if (handler) register(row, allowed ? limitMethods(allowed, handler, refuseUnknown) : handler);
  }
  for (const scope of errorScopes()) register({ ...UNKNOWN, ...scope }, refuseUnknown);
  register(UNKNOWN, refuseUnknown);

  // Handlers turn their own errors into responses, so what arrives here is a method that the router does not know.
  const serveRest = limitConcurrency(parts, UNKNOWN, serveRoute(parts, UNKNOWN, refuseUnknown));
  return application.onError(({ request }) => serveRest(request));
}

/** A handler of all methods that leaves those that are not allowed to another one. */
function limitMethods(allowed: readonly string[], handler: RouteHandler, refuse: RouteHandler): RouteHandler {
  const methods = new Set(allowed);
  return (context, request) => (methods.has(request.method) ? handler : refuse)(context, request);
}
