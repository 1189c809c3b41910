import { Failure } from "../../core/errors.ts";
import { ROUTES } from "../routes.ts";
import type { RouteHandler } from "../serve-route.ts";

const [MOUNT] = ROUTES.guide.paths;
const RAW = ".md";

/** Pages of the guide, as HTML and as Markdown. */
const load = async () => {
  const [{ PAGES, START_PAGE }, { GUIDE_SECURITY_POLICY, renderPage }] = await Promise.all([
    import("../../guide/pages.ts"),
    import("../../guide/render-page.ts"),
  ]);
  return { pages: PAGES, startPage: START_PAGE, policy: GUIDE_SECURITY_POLICY, renderPage };
};

/**
 * `GET /docs`, `/docs/{page}` and `/docs/{page}.md`: the user's guide, as HTML and as the Markdown that it is made of. The
 * pages are loaded with the first request, so that a gateway that shows them to nobody does not have them in memory.
 */
export function showGuide(): RouteHandler {
  return async (context, request) => {
    const { pages, startPage, policy, renderPage } = await load();
    const { pathname } = new URL(request.url);
    const name = pathname.slice(MOUNT.length + 1);
    const text = name.endsWith(RAW)
      ? pages.get(name.slice(0, -RAW.length))
      : renderPage(name || startPage, pathname === MOUNT ? "" : "../");
    if (text === undefined) throw new Failure("route_not_found");
    context.sent(Buffer.byteLength(text));
    return new Response(text, {
      headers: {
        "content-type": name.endsWith(RAW) ? "text/markdown; charset=utf-8" : "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-request-id": context.id,
      },
    });
  };
}
