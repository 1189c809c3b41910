import type { ClientRequest } from "../core/client-request.ts";
import { Failure } from "../core/errors.ts";
import type { OnFault } from "../core/faults.ts";
import { requestIdOf } from "../core/in-flight-requests.ts";
import { pathOf } from "../providers/join-path.ts";
import { chooseErrorEnvelope } from "./choose-error-envelope.ts";
import { hasSuffix, matchTemplate, routerPath } from "./path-template.ts";
import { addressesOf, ROUTE_ROWS, type RouteRow } from "./routes.ts";
import type { Serve } from "./serve-route.ts";
import { errorScopes } from "./unknown-paths.ts";

/** Everything that no route takes: the remaining paths, and the remaining methods of known paths. */
export const UNKNOWN: RouteRow = { method: "ALL", paths: ["/*"], servesGoogle: "clients" };

/** Every row that is registered. The paths of error scopes and the last row take what no other one does. */
export const ROWS: readonly RouteRow[] = [
  ...ROUTE_ROWS.map(([, row]) => row),
  ...errorScopes().map((scope) => ({ ...UNKNOWN, ...scope })),
];

/** What answers requests while one configuration is in force. */
export interface Routes {
  /** By the index of their rows; undefined if the configuration has nothing that answers one. */
  readonly serves: readonly (Serve | undefined)[];
  /** Answers everything else. */
  readonly serveUnknown: Serve;
  /** Answers a request of a row for which that was thrown that nobody has answered. */
  readonly serveFault: (row: RouteRow, request: ClientRequest, error: unknown) => Response | Promise<Response>;
}

/** All that a router is told. */
export interface RouterTable {
  /** Has further requests answered by others; those that have begun go on with what they began with. */
  use(routes: Routes): void;
  readonly routes: readonly RouterEntry[];
  /** Answers what none of them takes. */
  readonly serveUnknown: Serve;
  /** Answers any request without a router: it looks through all rows. */
  readonly serveWithout: Serve;
  /** Answers a request that failed where it has no answer: on the way to its row, or before it was counted. Never throws. */
  readonly serveFault: (request: ClientRequest, error: unknown) => Response | Promise<Response>;
}

/** One address, as a router is told it. */
export interface RouterEntry {
  readonly method: RouteRow["method"];
  /** As routers write it: `:id` is a segment, `*` at the end is all that follows. */
  readonly path: string;
  readonly serve: Serve;
}

/**
 * @param first what answers until `use` says otherwise
 * @param onFault gets what is thrown where not even the answer to that could be counted
 */
export function createRouterTable(first: Routes, onFault: OnFault): RouterTable {
  let { serves, serveUnknown, serveFault: countFault } = first;
  const routes: RouterEntry[] = [];
  const add = (method: RouteRow["method"], template: string, serve: Serve): void => {
    routes.push({ method, path: routerPath(template), serve });
  };
  const serveFault = (request: ClientRequest, error: unknown): Response | Promise<Response> => {
    const row = ROWS.find((known) => isFor(known, request)) ?? UNKNOWN;
    try {
      return countFault(row, request, error);
    } catch {
      onFault(error);
      return lastAnswer(row, request);
    }
  };
  for (const [index, row] of ROWS.entries()) {
    for (const template of addressesOf(row)) {
      if (hasSuffix(template)) continue;
      add(row.method, template, (request) => {
        try {
          return (serves[index] ?? serveUnknown)(request);
        } catch (error) {
          return serveFault(request, error);
        }
      });
    }
  }
  // Over TLS the router takes the host for the beginning of the path, and finds none of its addresses:
  // https://github.com/elysiajs/elysia/blob/1.4.30/src/adapter/web-standard/index.ts
  const serveMissed = (request: ClientRequest): Serve =>
    serves[ROWS.findIndex((row) => isFor(row, request))] ?? serveUnknown;
  for (const [method, path, rows] of suffixedAddresses()) {
    add(method, path, (request) => {
      const asked = bare(pathOf(request.url).split("?", 1)[0] ?? "");
      const found = rows.find(({ template }) => matchTemplate(template, asked) !== undefined);
      return ((found && serves[found.index]) ?? serveMissed(request))(request);
    });
  }
  add("ALL", "/*", (request) => (request.url.startsWith("https:") ? serveMissed(request) : serveUnknown)(request));
  return {
    use: (next) => void ({ serves, serveUnknown, serveFault: countFault } = next),
    routes,
    serveUnknown: (request) => serveUnknown(request),
    serveWithout: (request) => serveMissed(request)(request),
    serveFault,
  };
}

/** 500, in the envelope of the row, for a request that is not counted. */
export function lastAnswer(row: RouteRow, { headers }: Pick<ClientRequest, "headers">): Response {
  const errors = chooseErrorEnvelope(row, "auto")(headers);
  const failure = new Failure("internal");
  const id = requestIdOf(headers, () => crypto.randomUUID());
  return new Response(errors.body(failure, id), { status: failure.status, headers: errors.headers(failure, id) });
}

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

/** Whether a row answers a request, as the router decides it. */
function isFor(row: RouteRow, { method: asked, url }: ClientRequest): boolean {
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
