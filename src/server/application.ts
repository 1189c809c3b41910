import { Elysia } from "elysia";
import type { RequestContext } from "../core/request-context.ts";
import type { Format } from "../formats/format.ts";
import { type CapacityParts, limitConcurrency } from "./limit-concurrency.ts";
import { routerPath, matchTemplate } from "./path-template.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { withoutWebSocket } from "./refuse-websocket.ts";
import { addressesOf, errorScopes, type HandledRouteName, ROUTE_ROWS, type RouteRow } from "./routes.ts";
import { type RouteHandler, serveRoute } from "./serve-route.ts";

export interface ApplicationParts extends CapacityParts {
  /** Answers the requests of every row that has a format. */
  readonly relay: (context: RequestContext, request: Request, format: Format) => Promise<Response>;
  /** What answers the other rows. A route without a handler is not registered. */
  readonly handlers: Partial<Record<HandledRouteName, RouteHandler>>;
}

/** Everything that no route takes: the remaining paths, and the remaining methods of known paths. */
const UNKNOWN: RouteRow = { method: "ALL", paths: ["/*"] };

/** Answers a request, whatever happens to it. */
type Serve = (request: Request) => Response | Promise<Response>;

/** The Elysia application: every route of the table that has something to answer it, and the answer to everything else. */
export function createApplication({ relay, handlers, ...parts }: ApplicationParts) {
  const application = new Elysia({
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
    precompile: true,
  });
  const handlersByName: Readonly<Record<string, RouteHandler | undefined>> = handlers;

  const registered: { readonly row: RouteRow; readonly serve: Serve }[] = [];

  const add = (row: RouteRow, serve: Serve): void => {
    for (const template of addressesOf(row)) {
      application.route(
        row.method,
        routerPath(template),
        // Elysia compiles this into a handler for which it reads no header and no query.
        ({ request }) => serve(request),
        // The body stays unread: handlers take its bytes themselves, bounded.
        { parse: "none" },
      );
    }
  };
  const serveOf = (row: RouteRow, handler: RouteHandler): Serve =>
    limitConcurrency(parts, row, serveRoute(parts, row, handler));
  const register = (row: RouteRow, handler: RouteHandler): void => {
    const serve = serveOf(row, handler);
    registered.push({ row, serve });
    add(row, serve);
  };

  for (const [name, row] of ROUTE_ROWS) {
    const { format, allowed } = row;
    const handler = format
      ? (context: RequestContext, request: Request) => relay(context, request, format)
      : handlersByName[name];
    if (!handler) continue;
    const limited = allowed ? limitMethods(allowed, handler, refuseUnknown) : handler;
    // It is asked for with GET, which the router brings to no other rows. Health stays what it is.
    const mayUpgrade = !row.open && (row.method === "GET" || row.method === "ALL");
    register(row, mayUpgrade ? withoutWebSocket(limited, row.websocketStatus) : limited);
  }
  for (const scope of errorScopes()) register({ ...UNKNOWN, ...scope }, refuseUnknown);
  const serveUnknown = serveOf(UNKNOWN, refuseUnknown);
  // Over TLS the router takes the host for the beginning of the path, and finds only what the runtime has found before it:
  // https://github.com/elysiajs/elysia/blob/1.4.30/src/adapter/web-standard/index.ts
  const serveMissed = (request: Request): Serve =>
    registered.find(({ row }) => isFor(row, request))?.serve ?? serveUnknown;
  add(UNKNOWN, (request) => (request.url.startsWith("https:") ? serveMissed(request) : serveUnknown)(request));

  // Handlers turn their own errors into responses, so what arrives here is a method that the router does not know.
  return application.onError(({ request }) => serveUnknown(request));
}

/** A handler of all methods that leaves those that are not allowed to another one. */
function limitMethods(allowed: readonly string[], handler: RouteHandler, refuse: RouteHandler): RouteHandler {
  const methods = new Set(allowed);
  return (context, request) => (methods.has(request.method) ? handler : refuse)(context, request);
}

/** Whether a row answers a request, as the router decides it. */
function isFor(row: RouteRow, { method: asked, url }: Request): boolean {
  const { method } = row;
  if (method !== "ALL" && method !== (asked === "HEAD" ? "GET" : asked)) return false;
  // What cannot be parsed is refused as unknown, with its Host.
  if (!URL.canParse(url)) return false;
  const { pathname } = new URL(url);
  return addressesOf(row).some((template) =>
    template.endsWith("*")
      ? pathname.startsWith(template.slice(0, -1))
      : matchTemplate(template, pathname.replace(/\/$/, "")) !== undefined,
  );
}
