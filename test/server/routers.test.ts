import { afterAll, expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { type Application, createApplication, createRoutes } from "../../src/server/application.ts";
import { ROUTES, type RouteName } from "../../src/server/routes.ts";
import type { RouteHandler } from "../../src/server/serve-route.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";

/*
 * Requests for plain addresses are brought there directly, and those for all others by Elysia, which has the plain ones too: a
 * request must get the same handler either way, however its path is spelled.
 */

const handlers = Object.fromEntries(
  (Object.keys(ROUTES) as RouteName[]).map((name): [RouteName, RouteHandler] => [name, () => new Response(name)]),
);
const routes = createRoutes({
  requests: createInFlightRequests({ observers: [], now: () => 0, newId: () => "id" }),
  ...{ envelope: "simple", maxConcurrent: 0, handlers, cors: undefined },
  ...{ requireOwnOrigin: undefined, authenticate: undefined },
  relay:
    ({ api, subpath = "" }) =>
    () =>
      new Response(api + subpath),
});
const application = createApplication(routes);
const { port = 0, stop } = startServer();

function startServer() {
  const server = application.listen({
    ...{ hostname: "127.0.0.1", port: 0, reusePort: false },
    ...{ idleMs: 30_000, maxHeadBytes: 32_768 },
  });
  return { port: server.port, stop: () => server.stop(true) };
}
afterAll(stop);

const FIELDS = { "content-type": "application/json", "content-length": "0" };

async function askServer(method: string, path: string): Promise<readonly [status: number, text: string]> {
  await using client = await openRawClient(port);
  await client.request(method, path, { headers: FIELDS });
  const { status } = await client.head();
  return [status, (await client.body()).text];
}

async function askElysia(method: string, path: string): Promise<readonly [status: number, text: string]> {
  const url = path.startsWith("http") ? path : `http://localhost${path}`;
  const response = await application.fetch(new Request(url, { method, headers: { host: "localhost", ...FIELDS } }));
  return [response.status, method === "HEAD" ? "" : await response.text()];
}

const PATHS = ["/v1/chat/completions", "/v1/models", "/health", "/v1/responses", "/swagger"];

const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  "as they are": (path) => path,
  "with a slash behind": (path) => `${path}/`,
  "with two slashes behind": (path) => `${path}//`,
  "with a slash before": (path) => `/${path}`,
  "with a segment that is none": (path) => `/.${path}`,
  "with a segment and back": (path) => `/x/..${path}`,
  "with a letter encoded": (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  "with a slash encoded": (path) => path.replace(/(.)\//, "$1%2f"),
  "in capitals": (path) => path.toUpperCase(),
  "with an empty query": (path) => `${path}?`,
  "with a path in the query": (path) => `${path}?a=/health`,
  "with an encoded zero": (path) => `${path}%00`,
  "with a parameter": (path) => `${path};a=b`,
  "with an address": (path) => `http://localhost${path}`,
};

test.each(Object.entries(SPELLINGS))("both routers answer paths alike, %s", async (_, spell) => {
  for (const path of PATHS.map(spell)) {
    for (const method of ["GET", "POST", "HEAD", "DELETE", "OPTIONS"]) {
      const found = await askServer(method, path);
      expect([method, path, ...found]).toEqual([method, path, ...(await askElysia(method, path))]);
    }
  }
});

test("the plain addresses are among those that a router is told", () => {
  const plain = application.routes.filter(({ method, path }) => method !== "ALL" && !path.includes("*"));
  expect(plain.map(({ path }) => path)).toEqual(expect.arrayContaining(PATHS));
});

const withoutElysia = createApplication(routes, {
  importRouter: () => Promise.reject(new Error("no descriptor is left")),
});

for (const [spelling, spell] of Object.entries(SPELLINGS)) {
  test(`paths are answered alike if Elysia cannot be loaded: ${spelling}`, async () => {
    for (const path of [...PATHS, "/v1/models/a/b", "/proxy/p/x", "/v1beta/models/a:generateContent", "/nothing"]) {
      for (const method of ["GET", "POST", "HEAD", "OPTIONS", "DELETE"]) {
        const ask = async ({ fetch }: Application): Promise<readonly [status: number, text: string]> => {
          const headers = { host: "localhost" };
          const response = await fetch(new Request(`http://localhost${spell(path)}`, { method, headers }));
          // The server leaves out what a handler answers to HEAD.
          return [response.status, method === "HEAD" ? "" : await response.text()];
        };
        expect([method, path, ...(await ask(withoutElysia))]).toEqual([method, path, ...(await ask(application))]);
      }
    }
  });
}
