import type { ClientRequest } from "../../core/client-request.ts";
import { loadOnce } from "../../core/load-once.ts";
import { Failure } from "../../core/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import type { ExampleModels } from "../openapi/describe-routes.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { DocumentationOptions } from "../openapi/page.ts";
import { ROUTES } from "../routes.ts";

const [MOUNT] = ROUTES.guide.paths;
const RAW = ".md";
const MARKDOWN = "text/markdown; charset=utf-8";
const HTML = "text/html; charset=utf-8";

/** What answers for the documentation: an Elysia plugin, of which only this is used. */
export interface DocumentationPlugin {
  handle(request: ClientRequest): Promise<Response>;
}

// The plugin and the schemas of every answer are large: a gateway that shows no documentation keeps them out of memory.
const loadReference = async (options: DocumentationOptions): Promise<DocumentationPlugin> => {
  const { documentation } = await import("../openapi/page.ts");
  return documentation(options);
};

/**
 * `GET /`: what this is and where to go on, the same for everybody. People open it to see whether the gateway is there, and
 * some load balancers ask for nothing else.
 */
export function showStart(hasDocumentation: boolean): RouteHandler {
  const pages = hasDocumentation && { guide: MOUNT, reference: ROUTES.documentation.paths[0] };
  const start = {
    message: "An inference gateway: one OpenAI-compatible endpoint in front of many providers",
    chat: ROUTES.chatCompletions.paths[0],
    models: ROUTES.models.paths[0],
    health: ROUTES.health.paths[0],
    ...pages,
  };
  return (context) => jsonResponse(context, start);
}

/** The handlers of everything that people read: the API reference and the guide. */
export function documentationHandlers(options: DocumentationOptions) {
  const reference = showDocumentation(options);
  return { documentation: reference, documentationAssets: reference, openApiDocument: reference, guide: showGuide() };
}

/**
 * `GET /swagger` and what is below it: an Elysia plugin, which answers behind the same checks as every other route.
 * @param open makes the plugin. It is called with the first request, and once, unless it fails.
 */
export function showDocumentation(options: DocumentationOptions, open = loadReference): RouteHandler {
  const opened = loadOnce(() => open(options));

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

/** Pages of the guide, as HTML and as Markdown. */
const loadGuide = async () => {
  const [{ PAGES, START_PAGE }, { FILES }, { GUIDE_SECURITY_POLICY, renderPage }] = await Promise.all([
    import("../../guide/pages.ts"),
    import("../../guide/files.ts"),
    import("../../guide/render-page.ts"),
  ]);
  return { files: FILES, pages: PAGES, startPage: START_PAGE, policy: GUIDE_SECURITY_POLICY, renderPage };
};

/**
 * `GET /docs`, `/docs/{page}` and `/docs/{page}.md`: the user's guide, as HTML and as the Markdown that it is made of, and
 * the files that go with it. They are loaded with the first request, so that a gateway that shows them to nobody does not have them in memory.
 */
function showGuide(): RouteHandler {
  return async (context, request) => {
    const { files, pages, startPage, policy, renderPage } = await loadGuide();
    const { pathname } = new URL(request.url);
    const name = pathname.slice(MOUNT.length + 1);
    const file = files.get(name);
    const page = name.endsWith(RAW)
      ? pages.get(name.slice(0, -RAW.length))
      : renderPage(name || startPage, pathname === MOUNT ? "" : "../");
    const text = file?.text ?? page;
    if (text === undefined) throw new Failure("route_not_found");
    context.sent(Buffer.byteLength(text));
    return new Response(text, {
      headers: {
        "content-type": file?.contentType ?? (name.endsWith(RAW) ? MARKDOWN : HTML),
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-request-id": context.id,
      },
    });
  };
}
