import type { ClientRequest } from "../core/client-request.ts";
import type { RequestContext } from "../core/request-context.ts";
import { COST_HEADER } from "../pipeline/cost-header.ts";
import { ROUTING_HEADERS } from "../pipeline/route/routing-headers.ts";
import { TRANSLATION_HEADERS } from "../pipeline/translate/note-headers.ts";

/** Lets web pages of other origins call the gateway. https://fetch.spec.whatwg.org/#http-cors-protocol */
export interface Cors {
  /** Whether pages of this origin may call; of null, which says that a request names none, whether all pages may. */
  allows(origin: string | null): boolean;
  /**
   * The answer to a preflight; undefined if its origin may not call. It must still be permitted, like every response.
   * @param request one that {@link isPreflight} says is one
   */
  preflight(context: RequestContext, request: ClientRequest): Response | undefined;
  /** Adds to a response what the browser needs to hand it to the page. */
  permit(request: ClientRequest, response: Response): Response;
}

/**
 * Whether a request is a browser asking whether a page may send another one. Browsers ask without a credential, and of
 * the server that they reach: neither authentication nor a provider has a say in the answer.
 * https://fetch.spec.whatwg.org/#cors-preflight-request
 */
export function isPreflight({ method, headers }: ClientRequest): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

const PREFLIGHT_SECONDS = "600";

/** Response headers that pages may read beyond the few that they always may. */
const EXPOSED = [
  ...["x-request-id", "x-upstream-request-id", "request-id", "retry-after", "retry-after-ms", "x-should-retry"],
  ...["x-gateway-provider", COST_HEADER],
  ...Object.values(TRANSLATION_HEADERS),
  ...Object.values(ROUTING_HEADERS),
].join(", ");

/**
 * @param origins as `SERVER_CORS_ORIGINS` lists them; `*` means every origin.
 * @returns undefined if no origin is allowed: then no request pays for it.
 */
export function createCors(origins: readonly string[]): Cors | undefined {
  if (origins.length === 0) return undefined;
  const every = origins.includes("*");
  const allowed = new Set(origins.map((origin) => origin.replace(/\/$/, "").toLowerCase()));

  /** The value of `Access-Control-Allow-Origin`, or undefined if the origin may not see the answer. */
  const originOf = (request: ClientRequest): string | undefined => {
    const origin = request.headers.get("origin");
    if (origin === null) return undefined;
    if (every) return "*";
    return allowed.has(origin.toLowerCase()) ? origin : undefined;
  };

  return {
    allows: (origin) => every || (origin !== null && allowed.has(origin.toLowerCase())),
    preflight(context, request) {
      if (originOf(request) === undefined) return undefined;
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": request.headers.get("access-control-request-method") ?? "",
          "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
          "access-control-max-age": PREFLIGHT_SECONDS,
          vary: "Access-Control-Request-Method, Access-Control-Request-Headers",
          "x-request-id": context.id,
        },
      });
    },
    permit(request, response) {
      const origin = originOf(request);
      if (!every) response.headers.append("vary", "Origin");
      if (origin !== undefined) {
        response.headers.set("access-control-allow-origin", origin);
        response.headers.set("access-control-expose-headers", EXPOSED);
      }
      return response;
    },
  };
}
