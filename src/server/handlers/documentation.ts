import { Failure } from "../../core/errors.ts";
import type { RouteHandler } from "../serve-route.ts";
import { showGuide } from "./guide.ts";

/** What answers for the documentation: an Elysia plugin, of which only this is used. */
export interface DocumentationPlugin {
  handle(request: Request): Promise<Response>;
}

// The plugin and the schemas of every answer are large: a gateway that shows no documentation keeps them out of memory.
const load = async (version: string): Promise<DocumentationPlugin> => {
  const { documentation } = await import("../openapi/page.ts");
  return documentation({ version });
};

/** The handlers of everything that people read: the API reference and the guide. */
export function documentationHandlers(version: string) {
  const reference = showDocumentation(version);
  return { documentation: reference, documentationAssets: reference, openApiDocument: reference, guide: showGuide() };
}

/**
 * `GET /swagger` and what is below it: an Elysia plugin, which answers behind the same checks as every other route.
 * @param open makes the plugin. It is called with the first request, and once, unless it fails.
 */
export function showDocumentation(version: string, open = load): RouteHandler {
  let opening: Promise<DocumentationPlugin> | undefined;
  const opened = (): Promise<DocumentationPlugin> =>
    (opening ??= open(version).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  return async (context, request) => {
    const plugin = await opened();
    const response = await plugin.handle(request);
    if (response.status === 404) throw new Failure("route_not_found");
    response.headers.set("x-request-id", context.id);
    return response;
  };
}
