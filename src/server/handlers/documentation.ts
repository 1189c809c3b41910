import { Failure } from "../../core/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ExampleModels } from "../openapi/describe-routes.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { DocumentationOptions } from "../openapi/page.ts";
import { showGuide } from "./guide.ts";

/** What answers for the documentation: an Elysia plugin, of which only this is used. */
export interface DocumentationPlugin {
  handle(request: Request): Promise<Response>;
}

// The plugin and the schemas of every answer are large: a gateway that shows no documentation keeps them out of memory.
const load = async (options: DocumentationOptions): Promise<DocumentationPlugin> => {
  const { documentation } = await import("../openapi/page.ts");
  return documentation(options);
};

/** The handlers of everything that people read: the API reference and the guide. */
export function documentationHandlers(options: DocumentationOptions) {
  const reference = showDocumentation(options);
  return { documentation: reference, documentationAssets: reference, openApiDocument: reference, guide: showGuide() };
}

/**
 * `GET /swagger` and what is below it: an Elysia plugin, which answers behind the same checks as every other route.
 * @param open makes the plugin. It is called with the first request, and once, unless it fails.
 */
export function showDocumentation(options: DocumentationOptions, open = load): RouteHandler {
  let opening: Promise<DocumentationPlugin> | undefined;
  const opened = (): Promise<DocumentationPlugin> =>
    (opening ??= open(options).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  return async (context, request) => {
    const plugin = await opened();
    const response = await plugin.handle(request);
    if (response.status === 404) throw new Failure("route_not_found");
    const body = await response.bytes();
    context.sent(body.length);
    response.headers.set("x-request-id", context.id);
    return new Response(body, response);
  };
}

/** Examples of a provider that is known to answer them, if there is one. */
export function exampleModels(providers: Iterable<Provider>): ExampleModels {
  for (const { id, exampleModels: models } of providers) {
    if (models) return Object.fromEntries(Object.entries(models).map(([api, model]) => [api, `${id}/${model}`]));
  }
  return {};
}
