import { CHAT } from "../formats/chat/format.ts";
import { COMPLETIONS } from "../formats/completions/format.ts";
import { EMBEDDINGS } from "../formats/embeddings/format.ts";
import type { Format } from "../formats/format.ts";
import { COUNT_TOKENS, MESSAGES } from "../formats/messages/format.ts";
import { RESPONSES } from "../formats/responses/format.ts";
import {
  CANCEL_RESPONSE,
  COMPACT_RESPONSE,
  COUNT_INPUT_TOKENS,
  DELETE_RESPONSE,
  LIST_INPUT_ITEMS,
  STORED_RESPONSE,
} from "../formats/responses/further-formats.ts";

/**
 * What may be asked of a provider. Every other method that the runtime knows has a meaning for proxies and caches (TRACE
 * echoes the request, key included) or for file servers, and none for an API.
 */
const PROXY_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * One address of the gateway. `{name}` in a path is any one segment, `*` at its end any rest, which may contain slashes.
 */
export interface RouteRow {
  readonly method: "GET" | "POST" | "DELETE" | "ALL";
  readonly paths: readonly string[];
  /** Further paths, which clients with a base URL that lacks `/v1` ask for; no document names them. */
  readonly shortPaths?: readonly string[];
  /** What the `*` of a path is called where people read of it: in the OpenAPI document and the guide. */
  readonly rest?: string;
  /** Of all methods, those that are good; the rest is 405. */
  readonly allowed?: readonly string[];
  /** The format of requests that go to a provider; absent if a handler of the gateway's own answers. */
  readonly format?: Format;
  /** Takes a JSON body: one that is announced as anything else is refused. */
  readonly json?: true;
  /** Answers without a credential, even if authentication is on. */
  readonly open?: true;
  /**
   * Answers without a credential too, but else like a row that needs one: a page of the gateway's that is the same for
   * everybody and says nothing of how it is set up. It asks for the key that it needs for the rest itself.
   */
  readonly staticPage?: true;
  /** Answers without a credential if `SWAGGER_PUBLIC` says so. */
  readonly mayBePublic?: true;
  /** Speaks Anthropic's API to clients that send `anthropic-version`, errors included. */
  readonly servesAnthropic?: true;
  /** A page that links on other pages may open, even if requests of other origins are refused. */
  readonly linkable?: true;
  /** The status of a request to go over to WebSocket, if it is another than 426. */
  readonly websocketStatus?: 501;
  /** Asked by machines every few seconds: its log line is written at `debug`. */
  readonly quiet?: true;
}

/** A row that goes to a provider, with the same path without its `/v1` as the short one. */
const relayed = <const Method extends RouteRow["method"]>(method: Method, format: Format, path: `/v1/${string}`) => ({
  method,
  paths: [path],
  shortPaths: [path.slice("/v1".length)],
  format,
});

/** The same with a JSON body. */
const json = (format: Format, path: `/v1/${string}`) => ({ ...relayed("POST", format, path), json: true }) as const;

/**
 * Every route of the gateway, in the order of the OpenAPI document. Registration, `Allow`, the paths, methods, rights and
 * errors in the OpenAPI document, the names in the log and those in the guide follow from it.
 *
 * Another JSON API that goes to a provider is a folder of `src/formats` and a row here, with no handler:
 * ```ts
 * rerank: json(RERANK, "/v1/rerank"),
 * ```
 * Its `format.ts` says how requests are checked and how streams and errors end, its `documentation.ts` what the OpenAPI
 * document says. The compiler then asks for the names that it uses: of the API in `ApiName`, of the failure for providers
 * without it in `FAILURES`; which providers have it, their table says. Any other route has no format, but a
 * handler in `server.ts`, and the compiler asks for its entry in `openapi/route-documentation.ts`.
 */
export const ROUTES = {
  chatCompletions: json(CHAT, "/v1/chat/completions"),
  completions: json(COMPLETIONS, "/v1/completions"),
  models: { method: "GET", paths: ["/v1/models"], shortPaths: ["/models"], servesAnthropic: true },
  model: { method: "GET", paths: ["/v1/models/*"], shortPaths: ["/models/*"], rest: "{id}", servesAnthropic: true },
  messages: json(MESSAGES, "/v1/messages"),
  countTokens: json(COUNT_TOKENS, "/v1/messages/count_tokens"),
  responses: json(RESPONSES, "/v1/responses"),
  compactResponse: json(COMPACT_RESPONSE, "/v1/responses/compact"),
  countInputTokens: json(COUNT_INPUT_TOKENS, "/v1/responses/input_tokens"),
  storedResponse: relayed("GET", STORED_RESPONSE, "/v1/responses/{id}"),
  deleteResponse: relayed("DELETE", DELETE_RESPONSE, "/v1/responses/{id}"),
  inputItems: relayed("GET", LIST_INPUT_ITEMS, "/v1/responses/{id}/input_items"),
  cancelResponse: relayed("POST", CANCEL_RESPONSE, "/v1/responses/{id}/cancel"),
  embeddings: json(EMBEDDINGS, "/v1/embeddings"),
  tools: { method: "GET", paths: ["/v1/mcp/tools"] },
  proxy: {
    method: "ALL",
    allowed: PROXY_METHODS,
    paths: ["/proxy/*", "/v1/proxy/*"],
    rest: "{provider}/{path}",
    websocketStatus: 501,
  },
  start: { method: "GET", paths: ["/"], linkable: true, staticPage: true, quiet: true },
  health: { method: "GET", paths: ["/health", "/v1/health"], open: true, quiet: true },
  readiness: { method: "GET", paths: ["/health/ready"], open: true, quiet: true },
  documentation: { method: "GET", paths: ["/swagger"], linkable: true, staticPage: true },
  documentationAssets: { method: "GET", paths: ["/swagger/assets/*"], rest: "{name}", staticPage: true },
  openApiDocument: { method: "GET", paths: ["/swagger/json"], linkable: true, mayBePublic: true },
  guide: { method: "GET", paths: ["/docs", "/docs/*"], rest: "{page}", linkable: true, mayBePublic: true },
} as const satisfies Record<string, RouteRow>;

export type RouteName = keyof typeof ROUTES;

/** The routes that a handler of the gateway's own answers; every other one goes to a provider, as its format says. */
export type HandledRouteName = {
  [Name in RouteName]: (typeof ROUTES)[Name] extends { readonly format: Format } ? never : Name;
}[RouteName];

/** Every row with its name. */
export const ROUTE_ROWS = Object.entries(ROUTES) as readonly (readonly [RouteName, RouteRow])[];

/** The names in the log of the routes that are asked all the time: their lines are written at `debug`. */
export const QUIET_ROUTES: ReadonlySet<string> = new Set(ROUTE_ROWS.flatMap(([, row]) => (row.quiet ? row.paths : [])));

/** A path as people read it: `/v1/models/{id}` for `/v1/models/*`. */
export function readablePath({ rest }: RouteRow, path: string): string {
  return rest === undefined ? path : path.replace("*", rest);
}

/** Every path that a row answers at. */
export function addressesOf({ paths, shortPaths = [] }: Pick<RouteRow, "paths" | "shortPaths">): readonly string[] {
  return [...paths, ...shortPaths];
}

/** The methods that a path answers to, for the `Allow` header; empty if there is no such path. */
export function allowedMethods(path: string): string[] {
  const rows = ROUTE_ROWS.filter(([, row]) => isAt(row, path));
  const methods = new Set(rows.flatMap(([, row]) => row.allowed ?? row.method));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods];
}

/** What the `*` of a row takes of a path that it answers at. */
export function restOfPath(row: RouteRow, path: string): string {
  for (const template of addressesOf(row)) {
    const rest = matchTemplate(template, path);
    if (rest !== undefined) return rest;
  }
  return "";
}

/** Whether a row answers at a path, with or without a slash behind it. */
export function isAt(row: Pick<RouteRow, "paths" | "shortPaths">, path: string): boolean {
  const bare = path.replace(/(.)\/$/, "$1");
  return addressesOf(row).some((template) => matchTemplate(template, bare) !== undefined);
}

/**
 * Where the clients of a format with errors of its own look for an API: its paths and what is below them. Errors use
 * its envelope there even if the path or the method is unknown.
 */
export function errorScopes(): Required<Pick<RouteRow, "paths" | "format">>[] {
  const scopes = ROUTE_ROWS.flatMap(([, row]) => {
    const { format } = row;
    return format?.errors ? addressesOf(row).map((path) => ({ path, format })) : [];
  });
  return scopes
    .filter(({ path }) => !scopes.some((other) => path.startsWith(`${other.path}/`)))
    .map(({ path, format }) => ({ paths: [path, `${path}/*`], format }));
}

/** The path of a route as the router takes it: `/v1/responses/:id` for `/v1/responses/{id}`. */
export function routerPath(template: string): string {
  return template.replace(/\{(\w+)\}/g, ":$1");
}

/**
 * What of a path the `*` of a template takes; blank if the template has none, undefined if the path is another one.
 * Nothing is decoded. A `*` takes at least one character, and `{name}` takes one segment.
 */
export function matchTemplate(template: string, path: string): string | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  const takesRest = wanted.at(-1) === "*";
  const fixed = takesRest ? wanted.length - 1 : wanted.length;
  if (takesRest ? given.length <= fixed : given.length !== fixed) return undefined;
  for (let index = 0; index < fixed; index++) {
    const [segment = "", piece = ""] = [wanted[index], given[index]];
    if (segment.startsWith("{") ? piece === "" : piece !== segment) return undefined;
  }
  if (!takesRest) return "";
  const rest = given.slice(fixed).join("/");
  return rest === "" ? undefined : rest;
}
