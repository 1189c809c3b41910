import { CHAT } from "../formats/chat/format.ts";
import { EMBEDDINGS } from "../formats/embeddings/format.ts";
import type { Format } from "../formats/format.ts";
import { COUNT_TOKENS, MESSAGES } from "../formats/messages/format.ts";
import { RESPONSES } from "../formats/responses/format.ts";

/**
 * What may be asked of a provider. Every other method that the runtime knows has a meaning for proxies and caches (TRACE
 * echoes the request, key included) or for file servers, and none for an API.
 */
export const PROXY_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** One address of the gateway. `*` at the end of a path matches any rest, which may contain slashes. */
export interface RouteRow {
  readonly method: "GET" | "POST" | "ALL";
  readonly paths: readonly string[];
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
  /** Asked by machines every few seconds: its log line is written at `debug`. */
  readonly quiet?: true;
}

/**
 * Every route of the gateway, in the order of the OpenAPI document. Registration, `Allow`, the paths, methods, rights and
 * errors in the OpenAPI document, the names in the log and those in the guide follow from it.
 *
 * Another JSON API that goes to a provider is a folder of `src/formats` and a row here, with no handler:
 * ```ts
 * rerank: { method: "POST", paths: ["/v1/rerank"], json: true, format: RERANK },
 * ```
 * Its `format.ts` says how requests are checked and how streams and errors end, its `documentation.ts` what the OpenAPI
 * document says. The compiler then asks for the names that it uses: of the API in `ApiName`, of the failure for providers
 * without it in `FAILURES`; which providers have it, their table says. Any other route has no format, but a
 * handler in `server.ts`, and the compiler asks for its entry in `openapi/route-documentation.ts`.
 */
export const ROUTES = {
  chatCompletions: { method: "POST", paths: ["/v1/chat/completions"], json: true, format: CHAT },
  models: { method: "GET", paths: ["/v1/models"], servesAnthropic: true },
  model: { method: "GET", paths: ["/v1/models/*"], rest: "{id}", servesAnthropic: true },
  messages: { method: "POST", paths: ["/v1/messages"], json: true, format: MESSAGES },
  countTokens: { method: "POST", paths: ["/v1/messages/count_tokens"], json: true, format: COUNT_TOKENS },
  responses: { method: "POST", paths: ["/v1/responses"], json: true, format: RESPONSES },
  embeddings: { method: "POST", paths: ["/v1/embeddings"], json: true, format: EMBEDDINGS },
  tools: { method: "GET", paths: ["/v1/mcp/tools"] },
  proxy: { method: "ALL", allowed: PROXY_METHODS, paths: ["/proxy/*", "/v1/proxy/*"], rest: "{provider}/{path}" },
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

/** The methods that a path answers to, for the `Allow` header; empty if there is no such path. */
export function allowedMethods(path: string): string[] {
  const rows = ROUTE_ROWS.filter(([, row]) => row.paths.some((template) => matches(template, path)));
  const methods = new Set(rows.flatMap(([, row]) => row.allowed ?? row.method));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods];
}

/**
 * Where the clients of a format with errors of its own look for an API: its paths and what is below them. Errors use
 * its envelope there even if the path or the method is unknown.
 */
export function errorScopes(): Required<Pick<RouteRow, "paths" | "format">>[] {
  const scopes = ROUTE_ROWS.flatMap(([, { paths, format }]) =>
    format?.errors ? paths.map((path) => ({ path, format })) : [],
  );
  return scopes
    .filter(({ path }) => !scopes.some((other) => path.startsWith(`${other.path}/`)))
    .map(({ path, format }) => ({ paths: [path, `${path}/*`], format }));
}

function matches(template: string, path: string): boolean {
  if (!template.endsWith("/*")) return path === template;
  const stem = template.slice(0, -1);
  return path.startsWith(stem) && path.length > stem.length;
}
