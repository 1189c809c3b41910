import { Elysia } from "elysia";
import type { Format } from "../formats/format.ts";
import { pathOf } from "../providers/join-path.ts";
import { hasSuffix, matchTemplate, routerPath } from "./path-template.ts";
import { refuseUnknown, withoutWebSocket } from "./refuse-unknown.ts";
import { addressesOf, type HandledRouteName, ROUTE_ROWS, type RouteRow } from "./routes.ts";
import { type CapacityParts, limitConcurrency, type RouteHandler, serveRoute } from "./serve-route.ts";
import { errorScopes } from "./unknown-paths.ts";

export interface ApplicationParts extends CapacityParts {
  /** Makes what answers the requests of every row that has a format. */
  readonly relay: (format: Format) => RouteHandler;
  /** What answers the other rows. A route without a handler is not registered. */
  readonly handlers: Partial<Record<HandledRouteName, RouteHandler>>;
}

/** Everything that no route takes: the remaining paths, and the remaining methods of known paths. */
const UNKNOWN: RouteRow = { method: "ALL", paths: ["/*"], servesGoogle: "clients" };

/** Answers a request, whatever happens to it. */
export type Serve = (request: Request) => Response | Promise<Response>;

/** Every row that is registered. The paths of error scopes and the last row take what no other one does. */
const ROWS: readonly RouteRow[] = [
  ...ROUTE_ROWS.map(([, row]) => row),
  ...errorScopes().map((scope) => ({ ...UNKNOWN, ...scope })),
];

/** What answers requests while one configuration is in force. */
export interface Routes {
  /** By the index of their rows; undefined if the configuration has nothing that answers one. */
  readonly serves: readonly (Serve | undefined)[];
  /** Answers everything else. */
  readonly serveUnknown: Serve;
}

/** What answers each row of the table, and everything else. */
export function createRoutes({ relay, handlers, ...parts }: ApplicationParts): Routes {
  const handlersByName: Readonly<Record<string, RouteHandler | undefined>> = handlers;
  const serveOf = (row: RouteRow, handler: RouteHandler): Serve =>
    limitConcurrency(parts, row, serveRoute(parts, row, handler));

  const handlerOf = (name: string | undefined, { format }: RouteRow): RouteHandler | undefined => {
    if (name === undefined) return refuseUnknown;
    return format ? relay(format) : handlersByName[name];
  };
  return {
    serves: ROWS.map((row, index) => {
      const handler = handlerOf(ROUTE_ROWS[index]?.[0], row);
      return handler && serveOf(row, limitHandler(row, handler));
    }),
    serveUnknown: serveOf(UNKNOWN, refuseUnknown),
  };
}

/**
 * The Elysia application: every route of the table, and the answer to everything else.
 * @param current what answers now: asked once for each request, so that one goes on with what it began with.
 */
export function createApplication(current: () => Routes) {
  /**
   * What the runtime's own router calls: of paths and methods that are written out, Elysia would only make a context of four
   * objects for each request, which nobody reads, and an `async` function around it.
   */
  const direct: Record<string, Record<string, Serve>> = {};
  const application = new Elysia({
    serve: { routes: direct },
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
    // Each route when it is first asked for: all at once, and twice as Elysia does it, took 10 ms of the start.
    precompile: false,
  });

  const add = (method: RouteRow["method"], template: string, serve: Serve): void => {
    application.route(
      method,
      routerPath(template),
      // Elysia compiles this into a handler for which it reads no header and no query.
      ({ request }) => serve(request),
      // The body stays unread: handlers take its bytes themselves, bounded.
      { parse: "none" },
    );
    if (method !== "ALL" && isLiteral(template)) direct[template] = { ...direct[template], [method]: serve };
  };
  for (const [index, row] of ROWS.entries()) {
    for (const template of addressesOf(row)) {
      if (hasSuffix(template)) continue;
      add(row.method, template, (request) => {
        const { serves, serveUnknown } = current();
        return (serves[index] ?? serveUnknown)(request);
      });
    }
  }
  // Over TLS the router takes the host for the beginning of the path, and finds only what the runtime has found before it:
  // https://github.com/elysiajs/elysia/blob/1.4.30/src/adapter/web-standard/index.ts
  const serveMissed = (request: Request): Serve => {
    const { serves, serveUnknown } = current();
    return serves[ROWS.findIndex((row) => isFor(row, request))] ?? serveUnknown;
  };
  for (const [method, path, rows] of suffixedAddresses()) {
    add(method, path, (request) => {
      const asked = bare(pathOf(request.url).split("?", 1)[0] ?? "");
      const found = rows.find(({ template }) => matchTemplate(template, asked) !== undefined);
      return ((found && current().serves[found.index]) ?? serveMissed(request))(request);
    });
  }
  add("ALL", "/*", (request) =>
    (request.url.startsWith("https:") ? serveMissed(request) : current().serveUnknown)(request),
  );

  // Handlers turn their own errors into responses, so what arrives here is a method that the router does not know.
  return application.onError(({ request }) => current().serveUnknown(request));
}

const isLiteral = (template: string): boolean => /^[/\w.-]+$/.test(template);

/** A row at one of its addresses. */
interface RowAddress {
  readonly template: string;
  readonly index: number;
}

/** The rows that the router takes for one, as their templates differ only behind the `*`; by method and path. */
function suffixedAddresses(): readonly (readonly [RouteRow["method"], string, readonly RowAddress[]])[] {
  const found = new Map<string, readonly [RouteRow["method"], string, RowAddress[]]>();
  for (const [index, row] of ROWS.entries()) {
    for (const template of addressesOf(row).filter(hasSuffix)) {
      const path = routerPath(template);
      const key = `${row.method} ${path}`;
      const entry = found.get(key) ?? [row.method, path, []];
      entry[2].push({ template, index });
      found.set(key, entry);
    }
  }
  return [...found.values()];
}

/** Without the slash that may be behind a path. */
const bare = (path: string): string => path.replace(/(.)\/$/, "$1");

/** A handler that refuses what the row does not allow. */
function limitHandler({ method, open, allowed, websocketStatus }: RouteRow, handler: RouteHandler): RouteHandler {
  const limited = allowed ? limitMethods(allowed, handler, refuseUnknown) : handler;
  // WebSocket is asked for with GET, which the router brings to no other rows. Health stays what it is.
  const mayUpgrade = !open && handler !== refuseUnknown && (method === "GET" || method === "ALL");
  return mayUpgrade ? withoutWebSocket(limited, websocketStatus) : limited;
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
      : matchTemplate(template, bare(pathname)) !== undefined,
  );
}
