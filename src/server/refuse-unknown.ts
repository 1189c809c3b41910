import type { ClientRequest } from "../core/client-request.ts";
import { Failure, FAILURES } from "../core/errors.ts";
import { nearestWithin } from "../core/nearest-name.ts";
import { addressesOf, allowedMethods, isAt, readablePath, ROUTE_ROWS, type RouteRow, ROUTES } from "./routes.ts";
import type { RouteHandler } from "./serve-route.ts";
import { hasOtherVerbs } from "./unknown-paths.ts";

/** They echo a request, its credentials included, or open a tunnel, and are refused wherever they are sent to. */
const NEVER_ALLOWED: ReadonlySet<string> = new Set(["TRACE", "CONNECT"]);

/** A path of more segments is compared with nothing, and one of more characters not letter by letter. */
const MAX_SEGMENTS = 16;
const MAX_CHARACTERS = 64;

/** A path in which more characters differ is another one: all begin alike, so that a share of their length says little. */
const MAX_EDITS = 2;

/** The paths with no part that may be anything, but for the root, which every short path is near. */
const PLAIN_PATHS = ROUTE_ROWS.flatMap(([, row]) => addressesOf(row)).filter((path) => !/[*{]|^.$/.test(path));

/** Answers every request that no row takes: 405 if there are other methods for its path, else 404. */
export const refuseUnknown: RouteHandler = (_, request) => {
  const { method, url } = request;
  // The target of a tunnel need be no URL: `CONNECT *`.
  const pathname = URL.parse(url)?.pathname ?? "";
  const allowed = allowedMethods(pathname);
  if (allowed.length > 0 && asksForWebSocket(request)) refuseWebSocket();
  const isOtherVerb = hasOtherVerbs(method, pathname);
  const isKnown = allowed.length > 0 && !allowed.includes(method) && !isOtherVerb;
  if (isKnown || NEVER_ALLOWED.has(method)) {
    const use = allowed.length > 0 ? `. Use ${allowed.join(", ")}` : "";
    throw new Failure("method_not_allowed", {
      message: FAILURES.method_not_allowed.message + use,
      headers: { allow: allowed.join(", ") },
    });
  }
  // A path that is known and takes the method is switched off.
  const nearest = allowed.length > 0 && !isOtherVerb ? undefined : nearestRoute(method, pathname);
  throw new Failure(
    "route_not_found",
    nearest === undefined ? {} : { message: `${FAILURES.route_not_found.message}. Did you mean ${nearest}?` },
  );
};

/**
 * Finds the route that a misspelt path means: the one at its longest end that is a path of the gateway, whatever is before
 * it (`/v1/v1/…`, `/api/v1/…`, `/openai/…`), in any letter case, with empty segments or encoded slashes; or else one that
 * is written almost alike.
 * @returns its method and path, as people read them; nothing of what was asked for
 */
function nearestRoute(method: string, path: string): string | undefined {
  const segments = path
    .toLowerCase()
    .split(/\/|\\|%2f|%5c/)
    .filter((segment) => segment !== "" && segment !== ".");
  if (segments.length > MAX_SEGMENTS) return undefined;
  for (let start = 0; start < segments.length; start++) {
    const end = `/${segments.slice(start).join("/")}`;
    const found = describeAt(method, end);
    if (found !== undefined) return found;
  }
  const written = `/${segments.join("/")}`;
  if (written.length > MAX_CHARACTERS) return undefined;
  const nearest = nearestWithin(written, PLAIN_PATHS, MAX_EDITS);
  return nearest && describeAt(method, nearest);
}

/**
 * The row at a path in small letters, rather one that takes the method; undefined if there is none. For a verb of Google's
 * that the gateway does not have it is `/proxy`, where the provider's own API is.
 */
function describeAt(method: string, path: string): string | undefined {
  const rows = ROUTE_ROWS.filter(([, row]) => placeOf(row, path) >= 0);
  const [, row] = rows.find(([, row]) => takes(row, method)) ?? rows[0] ?? [];
  if (row && !takes(row, method) && hasOtherVerbs(method, path)) return describe(ROUTES.proxy, "");
  return row && describe(row, path);
}

/** Which address of a row is at a path in small letters; -1 if none is. */
const placeOf = (row: RouteRow, path: string): number =>
  addressesOf(row).findIndex((template) => isAt({ paths: [template.toLowerCase()] }, path));

const takes = ({ method, allowed }: RouteRow, asked: string): boolean =>
  allowed?.includes(asked) ?? method === (asked === "HEAD" ? "GET" : asked);

/** The row's method, if it has one, and that of its full paths which is meant by a path. */
function describe(row: RouteRow, path: string): string {
  const index = Math.max(placeOf(row, path), 0);
  const template = row.paths[index] ?? row.paths[index - row.paths.length] ?? "";
  const readable = readablePath(row, template);
  return row.method === "ALL" ? readable : `${row.method} ${readable}`;
}

/** What the failure's connection would have to speak. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22 */
const HEADERS = { upgrade: "HTTP/1.1", connection: "Upgrade" } as const;

/** Whether a request asks to go over to WebSocket, in whatever version. Other protocols may be ignored, and are. */
function asksForWebSocket({ headers }: ClientRequest): boolean {
  const upgrade = headers.get("upgrade");
  return upgrade !== null && /(?:^|,)\s*websocket\s*(?:[,/]|$)/i.test(upgrade);
}

/**
 * The answer to it, at once: clients such as Codex then send the same over HTTP, and wait and try again after any other.
 * @param status 501 if no method would do
 */
function refuseWebSocket(status: 426 | 501 = 426): never {
  if (status === 426) throw new Failure("websocket_not_supported", { headers: HEADERS });
  throw new Failure("websocket_not_supported", { status, message: "WebSocket connections are not passed on" });
}

/** A handler that refuses them. */
export function withoutWebSocket(handler: RouteHandler, status: 426 | 501 | undefined): RouteHandler {
  return (context, request) => (asksForWebSocket(request) ? refuseWebSocket(status) : handler(context, request));
}
