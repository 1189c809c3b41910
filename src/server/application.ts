import type { ClientRequest } from "../core/client-request.ts";
import { type OnFault, throwApart } from "../core/faults.ts";
import { loadOnce } from "../core/load-once.ts";
import type { Format } from "../formats/format.ts";
import { refuseUnknown, withoutWebSocket } from "./refuse-unknown.ts";
import {
  createRouterTable,
  lastAnswer,
  type RouterEntry,
  type RouterTable,
  ROWS,
  type Routes,
  UNKNOWN,
} from "./router-table.ts";
import { type HandledRouteName, ROUTE_ROWS, type RouteRow } from "./routes.ts";
import type * as Router from "./router.ts";
import { type CapacityParts, limitConcurrency } from "./limit-concurrency.ts";
import { type HttpServer, type ListenOptions, serveHttp } from "./http1/http-server.ts";
import { type RouteHandler, type Serve, serveRoute } from "./serve-route.ts";

export interface ApplicationParts extends CapacityParts {
  /** Makes what answers the requests of every row that has a format. */
  readonly relay: (format: Format) => RouteHandler;
  /** What answers the other rows. A route without a handler is not registered. */
  readonly handlers: Partial<Record<HandledRouteName, RouteHandler>>;
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
    serveFault(row, request, error) {
      // What it would look at before it fails may be what failed.
      const { requests, envelope, cors } = parts;
      const bare = { requests, envelope, cors, authenticate: undefined, requireOwnOrigin: undefined };
      return serveRoute(bare, row, () => {
        throw error;
      })(request);
    },
  };
}

/** What answers requests at an address, whichever server they come from. */
export interface Application {
  /** Has further requests answered by others; those that have begun go on with what they began with. */
  use(routes: Routes): void;
  /** Starts a server. Throws if the address cannot be listened on. */
  listen(options: ListenOptions): HttpServer;
  /** Answers a request, whatever its address and its method. */
  readonly fetch: Serve;
  /** All addresses. */
  readonly routes: readonly RouterEntry[];
}

export interface ServingParts {
  /** Gets what is thrown where it cannot be logged with a request. */
  readonly onFault?: OnFault;
  /** Loads Elysia. */
  readonly importRouter?: () => Promise<Pick<typeof Router, "createRouter">>;
}

/**
 * Every route of the table, and the answer to everything else. Requests for addresses without a `:` or a `*` are brought there
 * directly. Elysia has all addresses, and is loaded with the first request for another one: 280
 * modules, a fifth of the start and 8 MiB, which a gateway that is only asked for its API never needs.
 * @param first what answers until `use` says otherwise
 */
export function createApplication(first: Routes, parts: ServingParts = {}): Application {
  const { onFault = throwApart, importRouter = () => import("./router.ts") } = parts;
  const router = createRouterTable(first, onFault);
  let answer: Serve | undefined;
  const load = loadOnce(async () => (await importRouter()).createRouter(router));
  const fetchLate = async (request: ClientRequest): Promise<Response> => {
    try {
      answer = await load();
    } catch {
      // Clients may have left no descriptor to open its files with, and the runtime does not look for them again.
      return router.serveWithout(request);
    }
    return answer(request);
  };
  const fetch = (request: ClientRequest): Response | Promise<Response> => {
    try {
      const answering = (answer ?? fetchLate)(request);
      if (!(answering instanceof Promise)) return answering;
      return answering.catch((error: unknown) => router.serveFault(request, error));
    } catch (error) {
      return router.serveFault(request, error);
    }
  };
  return {
    use: router.use,
    fetch,
    routes: router.routes,
    listen(options) {
      // Of what is thrown although nothing should be.
      const serveFault = (thrown: unknown): Response => {
        onFault(thrown);
        return lastAnswer(UNKNOWN, { headers: new Headers() });
      };
      return serveHttp(options, { serve: bringDirect(router, fetch), serveFault });
    },
  };
}

/** A method of another name may be that of a member of the router's tables, such as `constructor`. */
const METHODS: ReadonlySet<string> = new Set("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT".split(" "));

/**
 * Brings requests for addresses without a `:` or a `*` to what answers them, and all others to a router, which would make a
 * context for each request that nobody reads.
 */
function bringDirect({ routes, serveUnknown }: RouterTable, route: Serve): Serve {
  const direct = new Map<string, Serve>();
  for (const { method, path, serve } of routes) {
    if (method !== "ALL" && !/[:*]/.test(path)) direct.set(`${method} ${path}`, serve);
  }
  return (request) => {
    const { method, url } = request;
    const asked = method === "HEAD" ? "GET" : method;
    const found = direct.get(`${asked} ${pathOfUrl(url)}`) ?? (METHODS.has(method) ? route : serveUnknown);
    return found(request);
  };
}

function pathOfUrl(url: string): string {
  // Without a host a URL has no origin.
  const start = url.startsWith("/") ? 0 : url.indexOf("/", "https://".length);
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

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
