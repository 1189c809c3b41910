import { Elysia } from "elysia";
import type { RouterTable } from "./router-table.ts";
import type { Serve } from "./serve-route.ts";

/** The Elysia application with every route of the table. */
export function createRouter({ routes, serveUnknown, serveFault }: RouterTable): Serve {
  const application = new Elysia({
    // Without this the path is cut out of the URL at a fixed offset, and a short `Host` header changes the route.
    handler: { standardHostname: false },
  });
  // Handlers turn their own errors into responses, so what arrives here is a method that the router does not know, or its own
  // fault, of which it would tell the client. Before the routes, or it is for none of them.
  application.onError(({ request, code, error }) =>
    code === "NOT_FOUND" ? serveUnknown(request) : serveFault(request, error),
  );
  for (const { method, path, serve } of routes) {
    application.route(
      method,
      path,
      // Elysia compiles this into a handler for which it reads no header and no query.
      ({ request }) => serve(request),
      // The body stays unread: handlers take its bytes themselves, bounded.
      { parse: "none" },
    );
  }
  // It looks at nothing of a request but what every `ClientRequest` has.
  return (request) => application.fetch(request as Request);
}
