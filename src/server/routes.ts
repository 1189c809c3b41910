import { CHAT } from "../formats/chat/format.ts";
import { COMPLETIONS } from "../formats/completions/format.ts";
import { EMBEDDINGS } from "../formats/embeddings/format.ts";
import { ERROR_ENVELOPES } from "../formats/error-body.ts";
import type { Format } from "../formats/format.ts";
import { COUNT_GENERATE_TOKENS, GENERATE, STREAM_GENERATE } from "../formats/gemini/format.ts";
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
import { matchTemplate } from "./path-template.ts";
import type { RouteRow } from "./route-row.ts";

export type { RouteRow };

/**
 * What may be asked of a provider. Every other method that is registered has a meaning for proxies and caches (TRACE
 * echoes the request, key included) or for file servers, and none for an API.
 */
const PROXY_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** A row that goes to a provider, with the same path without its `/v1` as the short one. */
const relayed = <const Method extends RouteRow["method"]>(method: Method, format: Format, path: `/v1/${string}`) => ({
  method,
  paths: [path],
  shortPaths: [path.slice("/v1".length)],
  format,
});

/** The same with a JSON body. */
const json = (format: Format, path: `/v1/${string}`) => ({ ...relayed("POST", format, path), json: true }) as const;

/** A row for Gemini's clients, with all versions of their API that are not the gateway's own paths. */
const GOOGLE = { servesGoogle: "all", errors: ERROR_ENVELOPES.google, rest: "{model}" } as const;

/** What may be done with a model by a `POST`, which no path of the gateway's own takes in any version. */
const ofGemini = <const Verb extends string>(format: Format, verb: Verb) =>
  ({
    ...GOOGLE,
    method: "POST",
    paths: [`/v1beta/models/*:${verb}`],
    shortPaths: [`/v1alpha/models/*:${verb}`, `/v1/models/*:${verb}`, `/models/*:${verb}`],
    format,
    json: true,
  }) as const;

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
  models: {
    method: "GET",
    paths: ["/v1/models"],
    shortPaths: ["/models"],
    servesAnthropic: true,
    servesGoogle: "clients",
  },
  model: {
    method: "GET",
    paths: ["/v1/models/*"],
    shortPaths: ["/models/*"],
    rest: "{id}",
    servesAnthropic: true,
    servesGoogle: "clients",
  },
  messages: json(MESSAGES, "/v1/messages"),
  countTokens: json(COUNT_TOKENS, "/v1/messages/count_tokens"),
  responses: json(RESPONSES, "/v1/responses"),
  compactResponse: json(COMPACT_RESPONSE, "/v1/responses/compact"),
  countInputTokens: json(COUNT_INPUT_TOKENS, "/v1/responses/input_tokens"),
  storedResponse: relayed("GET", STORED_RESPONSE, "/v1/responses/{id}"),
  deleteResponse: relayed("DELETE", DELETE_RESPONSE, "/v1/responses/{id}"),
  inputItems: relayed("GET", LIST_INPUT_ITEMS, "/v1/responses/{id}/input_items"),
  cancelResponse: relayed("POST", CANCEL_RESPONSE, "/v1/responses/{id}/cancel"),
  generateContent: ofGemini(GENERATE, "generateContent"),
  streamGenerateContent: ofGemini(STREAM_GENERATE, "streamGenerateContent"),
  countGenerateTokens: ofGemini(COUNT_GENERATE_TOKENS, "countTokens"),
  googleModels: {
    ...GOOGLE,
    method: "GET",
    paths: ["/v1beta/models"],
    shortPaths: ["/v1alpha/models"],
    scope: "/v1beta",
  },
  googleModel: {
    ...GOOGLE,
    method: "GET",
    paths: ["/v1beta/models/*"],
    shortPaths: ["/v1alpha/models/*"],
    scope: "/v1alpha",
  },
  embeddings: json(EMBEDDINGS, "/v1/embeddings"),
  routing: { method: "GET", paths: ["/v1/routing"] },
  usage: { method: "GET", paths: ["/v1/usage"] },
  requests: { method: "GET", paths: ["/v1/requests"] },
  request: { method: "GET", paths: ["/v1/requests/{id}"] },
  pushMetrics: { method: "POST", paths: ["/v1/metrics"] },
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

/** The API formats of all routes. */
export const FORMATS: readonly Format[] = ROUTE_ROWS.flatMap(([, { format }]) => format ?? []);

/** The names in the log of the routes that ask a provider for a client, with their API formats. */
export const API_FORMATS: ReadonlyMap<string, string> = new Map(
  ROUTE_ROWS.flatMap(([name, { paths, format }]) =>
    format || name === "proxy" ? paths.map((path) => [path, format?.api ?? name] as const) : [],
  ),
);

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
