import { expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { RequestObserver } from "../../src/core/request-context.ts";
import { type RouteHandler, serveRoute } from "../../src/server/serve-route.ts";

const ROW = { method: "POST", paths: ["/x"] } as const;

/** Answers one request with what the handler says; of its observers the first fails at the end of it, which none should. */
async function answer(handler: RouteHandler) {
  const seen: string[] = [];
  const faults: unknown[] = [];
  const observers: RequestObserver[] = [
    () => {
      throw new Error("an observer failed");
    },
    ({ id, outcome }) => seen.push(`${id} ${outcome}`),
  ];
  const onFault = (fault: unknown): void => void faults.push(String(fault));
  const requests = createInFlightRequests({ observers, now: () => 0, newId: () => "id", onFault });
  const parts = { requests, envelope: "simple", cors: undefined, requireOwnOrigin: undefined } as const;
  const serve = serveRoute({ ...parts, authenticate: undefined }, ROW, handler);
  const response = await serve(new Request("http://localhost/x", { method: "POST", headers: { host: "localhost" } }));
  const whenEmpty = requests.whenEmpty().then(() => "empty");
  return { status: response.status, text: await response.text(), seen, faults, whenEmpty: await whenEmpty };
}

test.each<[string, RouteHandler]>([
  ["at once", () => new Response("fine")],
  ["later", async () => new Response("fine")],
])(
  "an observer that fails takes nothing from the client of a request that was answered %s, nor from the others",
  async (_, handler) => {
    expect(await answer(handler)).toEqual({
      ...{ status: 200, text: "fine", seen: ["id answered"], whenEmpty: "empty" },
      faults: ["Error: an observer failed"],
    });
  },
);
