import { Failure } from "../../failure/failure.ts";
import { documentation } from "../documentation.ts";
import type { RouteHandler } from "../serve-route.ts";

/** `GET /swagger` and what lies below it: an Elysia plugin, which answers from behind the same door as every other route. */
export function showDocumentation(version: string): RouteHandler {
  const plugin = documentation({ version });
  return async (exchange, request) => {
    const response = await plugin.handle(request);
    if (response.status === 404) throw new Failure("route_not_found");
    response.headers.set("x-request-id", exchange.id);
    return response;
  };
}
