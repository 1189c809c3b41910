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
import type { TlsMaterial } from "./tls.ts";
import { type CapacityParts, limitConcurrency } from "./limit-concurrency.ts";
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

/** What answers requests at an address, whichever of them the runtime's server is. */
export interface Application {
  /** Has further requests answered by others; those that have begun go on with what they began with. */
  use(routes: Routes): void;
  /** Starts a server. Throws if the address cannot be listened on. */
  listen(options: ListenOptions): Bun.Server<unknown>;
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

/** What the runtime's server is told beside what it serves. */
export interface ListenOptions {
  readonly hostname?: string | undefined;
  readonly port?: number;
  /** In place of both. */
  readonly unix?: string;
  readonly tls?: TlsMaterial;
  readonly development: boolean;
  readonly reusePort: boolean;
  readonly maxRequestBodySize: number;
  /** Seconds. */
  readonly idleTimeout: number;
}

/**
 * Every route of the table, and the answer to everything else. The runtime's own router brings requests to addresses without
 * a `*`. Elysia has all addresses, and is loaded with the first request for another one: 280 modules, a fifth of the start and
 * 8 MiB, which a gateway that is only asked for its API never needs.
 * @param first what answers until `use` says otherwise
 */
export function createApplication(first: Routes, parts: ServingParts = {}): Application {
  const { onFault = throwApart, importRouter = () => import("./router.ts") } = parts;
  const router = createRouterTable(first, onFault);
  let answer: Serve | undefined;
  const load = loadOnce(async () => (await importRouter()).createRouter(router));
  const fetchLate = async (request: Request): Promise<Response> => {
    try {
      answer = await load();
    } catch {
      // Clients may have left no descriptor to open its files with, and the runtime does not look for them again.
      return router.serveWithout(request);
    }
    return answer(request);
  };
  const fetch = (request: Request): Response | Promise<Response> => {
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
      // Its type allows a socket no idle timeout.
      const given: object = options;
      // Of what is thrown although nothing should be, the runtime would answer with a page of its own.
      const error = (thrown: Error): Response => {
        onFault(thrown);
        return lastAnswer(UNKNOWN, { headers: new Headers() });
      };
      return Bun.serve({ ...given, routes: directRoutes(router), fetch, error });
    },
  };
}

/** What the runtime's own router is told: Elysia would only make a context for each request, which nobody reads. */
function directRoutes({ routes }: RouterTable): Record<string, Record<string, Serve>> {
  const direct: Record<string, Record<string, Serve>> = {};
  for (const { method, path, serve } of routes) {
    if (method !== "ALL" && !path.endsWith("*")) direct[path] = { ...direct[path], [method]: serve };
  }
  return direct;
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
