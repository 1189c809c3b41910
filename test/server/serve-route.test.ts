import { expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { type RouteHandler, serveRoute } from "../../src/server/serve-route.ts";

const ROW = { method: "POST", paths: ["/x"] } as const;

/** Answers one request with what the handler says; an observer fails at the end of it, which none should. */
async function answer(handler: RouteHandler): Promise<readonly [status: number, body: object]> {
  const observers = [
    () => {
      throw new Error("an observer failed");
    },
  ];
  const requests = createInFlightRequests({ observers, now: () => 0, newId: () => "id" });
  const parts = { requests, envelope: "simple", cors: undefined, requireOwnOrigin: undefined } as const;
  const serve = serveRoute({ ...parts, authenticate: undefined }, ROW, handler);
  const response = await serve(new Request("http://localhost/x", { method: "POST", headers: { host: "localhost" } }));
  return [response.status, (await response.json()) as object];
}

test.each<[string, RouteHandler]>([
  ["at once", () => new Response("fine")],
  ["later", async () => new Response("fine")],
])("what fails at the end of a request that was answered %s becomes the gateway's own error", async (_, handler) => {
  expect(await answer(handler)).toEqual([500, expect.objectContaining({ code: "internal", request_id: "id" })]);
});
