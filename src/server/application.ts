import { Elysia } from "elysia";
import { Failure } from "../core/errors.ts";
import { createReadBearerToken } from "./bearer-token.ts";
import { type CapacityParts, limitConcurrency } from "./limit-concurrency.ts";
import { allowedMethods, ROUTES, type RouteName, type RouteRow } from "./routes.ts";
import { type RouteHandler, serveRoute } from "./serve-route.ts";

export interface ApplicationParts extends CapacityParts {
  /** A route without a handler is not registered. */
  readonly handlers: Partial<Record<RouteName, RouteHandler>>;
}

/** Everything that no route takes: what is left of the paths, and of the methods of known paths. */
const UNKNOWN: RouteRow = { method: "ALL", paths: ["/*"] };

/** The Elysia application: every route of {@link ROUTES} that has a handler, and the answer to everything else. */
export function createApplication({ handlers, ...parts }: ApplicationParts) {
  const { authenticate } = parts;
  const application = new Elysia({
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
    precompile: true,
  });
  const readToken = authenticate ? createReadBearerToken() : () => undefined;

  const register = (row: RouteRow, handler: RouteHandler): void => {
    const serve = limitConcurrency(parts, row, serveRoute(parts, row, handler));
    for (const path of row.paths) {
      application.route(
        row.method,
        path,
        // Elysia compiles this into a handler for which it reads no header and no query.
        ({ request }) => serve(request, readToken(request)),
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
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const handler = handlers[name];
    const row: RouteRow = ROUTES[name];
    if (handler) register(row, row.allowed ? limitMethods(row.allowed, handler, refuseUnknown) : handler);
  }
  register({ ...UNKNOWN, paths: ["/v1/messages", "/v1/messages/*"], anthropicErrors: true }, refuseUnknown);
  register(UNKNOWN, refuseUnknown);

  // Handlers turn their own errors into responses, so what arrives here is a method that the router does not know.
  const serveRest = limitConcurrency(parts, UNKNOWN, serveRoute(parts, UNKNOWN, refuseUnknown));
  return application.onError(({ request }) => serveRest(request, readToken(request)));
}

/** A handler of all methods that leaves those that are not allowed to another one. */
function limitMethods(allowed: readonly string[], handler: RouteHandler, refuse: RouteHandler): RouteHandler {
  const methods = new Set(allowed);
  return (context, request) => (methods.has(request.method) ? handler : refuse)(context, request);
}
