import { pathOf } from "../providers/join-path.ts";
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
}

/** One address, as a router is told it. */
export interface RouterEntry {
  readonly method: RouteRow["method"];
  /** As routers write it: `:id` is a segment, `*` at the end is all that follows. */
  readonly path: string;
  readonly serve: Serve;
}

/** @param first what answers until `use` says otherwise */
export function createRouterTable(first: Routes): RouterTable {
  let { serves, serveUnknown } = first;
  const routes: RouterEntry[] = [];
  const add = (method: RouteRow["method"], template: string, serve: Serve): void => {
    routes.push({ method, path: routerPath(template), serve });
  };
  for (const [index, row] of ROWS.entries()) {
    for (const template of addressesOf(row)) {
      if (hasSuffix(template)) continue;
      add(row.method, template, (request) => (serves[index] ?? serveUnknown)(request));
    }
  }
  // Over TLS the router takes the host for the beginning of the path, and finds only what the runtime has found before it:
  // https://github.com/elysiajs/elysia/blob/1.4.30/src/adapter/web-standard/index.ts
  const serveMissed = (request: Request): Serve => serves[ROWS.findIndex((row) => isFor(row, request))] ?? serveUnknown;
  for (const [method, path, rows] of suffixedAddresses()) {
    add(method, path, (request) => {
      const asked = bare(pathOf(request.url).split("?", 1)[0] ?? "");
      const found = rows.find(({ template }) => matchTemplate(template, asked) !== undefined);
      return ((found && serves[found.index]) ?? serveMissed(request))(request);
    });
  }
  add("ALL", "/*", (request) => (request.url.startsWith("https:") ? serveMissed(request) : serveUnknown)(request));
  return {
    use: (next) => void ({ serves, serveUnknown } = next),
    routes,
    serveUnknown: (request) => serveUnknown(request),
    serveWithout: (request) => serveMissed(request)(request),
  };
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
