/**
 * What may be asked of a provider. Every other method that the runtime knows has a meaning for proxies and caches (TRACE
 * echoes the request, key included) or for file servers, and none for an API.
 */
export const PROXY_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** One address of the gateway. `*` at the end of a path stands for any rest, which may contain slashes. */
export interface RouteRow {
  readonly method: "GET" | "POST" | "ALL";
  readonly paths: readonly string[];
  /** Of all methods, those that are good; the rest is 405. */
  readonly allowed?: readonly string[];
  /** Errors are always said in Anthropic's envelope. */
  readonly anthropicErrors?: true;
  /** Answers without a credential, also where authentication is on. */
  readonly open?: true;
  /** The credential may also come as `x-api-key`, as Anthropic's clients send it. */
  readonly acceptsApiKeyHeader?: true;
  /** Takes a JSON body: one that is announced as anything else is refused. */
  readonly json?: true;
  /** A page that links of other pages may open, also where requests of other origins are refused. */
  readonly linkable?: true;
  /** Asked by machines every few seconds: its log line is written at `debug`. */
  readonly quiet?: true;
}

/** Every route of the gateway. Registration, the `Allow` of a 405 and the names in the log follow from it. */
export const ROUTES = {
  health: { method: "GET", paths: ["/health", "/v1/health"], open: true, quiet: true },
  readiness: { method: "GET", paths: ["/health/ready"], open: true, quiet: true },
  models: { method: "GET", paths: ["/v1/models"] },
  model: { method: "GET", paths: ["/v1/models/*"] },
  chatCompletions: { method: "POST", paths: ["/v1/chat/completions"], json: true },
  messages: {
    method: "POST",
    paths: ["/v1/messages"],
    json: true,
    anthropicErrors: true,
    acceptsApiKeyHeader: true,
  },
  countTokens: {
    method: "POST",
    paths: ["/v1/messages/count_tokens"],
    json: true,
    anthropicErrors: true,
    acceptsApiKeyHeader: true,
  },
  responses: { method: "POST", paths: ["/v1/responses"], json: true },
  embeddings: { method: "POST", paths: ["/v1/embeddings"], json: true },
  tools: { method: "GET", paths: ["/v1/mcp/tools"] },
  proxy: { method: "ALL", allowed: PROXY_METHODS, paths: ["/proxy/*", "/v1/proxy/*"] },
  documentation: { method: "GET", paths: ["/swagger", "/swagger/*"], linkable: true },
  guide: { method: "GET", paths: ["/docs", "/docs/*"], linkable: true },
} as const satisfies Record<string, RouteRow>;

export type RouteName = keyof typeof ROUTES;

/** The methods that a path answers to, for the `Allow` header; empty where there is no such path. */
export function allowedMethods(path: string): string[] {
  const rows = Object.values(ROUTES).filter((row) => row.paths.some((template) => matches(template, path)));
  const methods = new Set(rows.flatMap((row: RouteRow) => row.allowed ?? row.method));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods];
}

function matches(template: string, path: string): boolean {
  if (!template.endsWith("/*")) return path === template;
  const stem = template.slice(0, -1);
  return path.startsWith(stem) && path.length > stem.length;
}
