import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { unauthorized } from "../../src/auth/unauthorized.ts";
import { type ApplicationParts, createApplication, createRoutes } from "../../src/server/application.ts";
import { routerPath } from "../../src/server/path-template.ts";
import { addressesOf, ROUTES, type RouteName, type RouteRow } from "../../src/server/routes.ts";
import type { RouteHandler } from "../../src/server/serve-route.ts";
import { openRawClient, type RawClient } from "../fixtures/raw-http-client.ts";
import { startBesideProvider, type StartedGateway, threeProviders } from "../routes/started-gateway.ts";

/** The only paths that answer without a token, to GET and HEAD. Not read from the table, which is what is judged here. */
const OPEN = ["/health", "/v1/health", "/health/ready"];

/** The page that asks for a key itself, and what it loads: the same for everybody, whatever the settings are. */
const isPage = (path: string): boolean => /^\/(?:swagger(?:\/assets\/.*)?)?$/.test(path);

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"] as const;
const TOKEN = "good-key-0123456789";

/** An application with every route of the table, whose handlers say that they were reached. */
function createTrap() {
  const reached: string[] = [];
  const names = Object.keys(ROUTES) as RouteName[];
  const handlers = Object.fromEntries(
    names.map((name): [RouteName, RouteHandler] => [
      name,
      () => {
        reached.push(name);
        return new Response("reached");
      },
    ]),
  );
  const relay: ApplicationParts["relay"] = (format) => () => {
    reached.push(...names.filter((name) => (ROUTES[name] as RouteRow).format === format));
    return new Response("reached");
  };
  const routes = createRoutes({
    requests: createInFlightRequests({ observers: [], now: () => 0, newId: () => "id" }),
    envelope: "simple",
    maxConcurrent: 0,
    relay,
    handlers,
    cors: undefined,
    requireOwnOrigin: undefined,
    authenticate: (credentials) => {
      if (!credentials.includes(TOKEN)) throw unauthorized();
      return { kind: "key", name: "test" };
    },
  });
  return { application: createApplication(routes), reached, names };
}

/** Paths that a template takes. */
function pathsOf(template: string): string[] {
  return template.includes("*")
    ? ["", "x", "openai/x", "a/b/c.json"].map((rest) => template.replace("*", rest))
    : [template];
}

/** Every path that the table or the router knows, wherever it was registered, and some that nobody knows. */
function allPaths(): string[] {
  const { application } = createTrap();
  const templates = [
    ...Object.values<RouteRow>(ROUTES).flatMap((row) => addressesOf(row).map((path) => path.replace("{id}", "x"))),
    ...application.routes.map(({ path }) => path.replace(/:[a-z]+\??/gi, "*")),
    ...["/", "/metrics", "/admin", "/v1", "/v1/files", "/v2/models", "/favicon.ico", "/.well-known/x", "/debug/*"],
  ];
  return [...new Set(templates.flatMap(pathsOf))];
}

function isOpen(method: string, path: string): boolean {
  return (OPEN.includes(path) || isPage(path)) && (method === "GET" || method === "HEAD");
}

describe("the application", () => {
  test("knows the routes of the table and no others", () => {
    const { application } = createTrap();
    const registered = new Set(application.routes.map(({ path }) => path));
    const listed = new Set(Object.values<RouteRow>(ROUTES).flatMap((row) => addressesOf(row).map(routerPath)));
    expect([...listed].filter((path) => !registered.has(path))).toEqual([]);
    const others = [...registered].filter((path) => !listed.has(path));
    expect(others.sort()).toEqual([
      ...["/*", "/messages/*", "/responses/*", "/v1/messages/*", "/v1/responses/*"],
      ...["/v1alpha", "/v1alpha/*", "/v1beta", "/v1beta/*"],
    ]);
  });

  test("opens three paths and the page of the documentation, and nothing else", () => {
    const open = Object.values<RouteRow>(ROUTES).flatMap((row) => (row.open ? row.paths : []));
    expect(open.sort()).toEqual([...OPEN].sort());
    const pages = Object.values<RouteRow>(ROUTES).flatMap((row) => (row.staticPage ? row.paths : []));
    expect(pages).toEqual(["/", "/swagger", "/swagger/assets/*"]);
  });

  test.each(METHODS)("runs no handler without a token for %s, but those of health", async (method) => {
    const { application, reached } = createTrap();
    for (const path of allPaths()) {
      const response = await application.fetch(new Request(`http://localhost${path}`, { method }));
      if (isOpen(method, path)) expect([path, response.status]).toEqual([path, 200]);
      else expect([path, response.status]).toEqual([path, 401]);
    }
    const open = ["start", "health", "readiness", "documentation", "documentationAssets"];
    expect(reached.filter((name) => !open.includes(name))).toEqual([]);
  });

  test.each(METHODS)("refuses no %s with one for its token", async (method) => {
    const { application } = createTrap();
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const path of allPaths()) {
      const { status } = await application.fetch(new Request(`http://localhost${path}`, { method, headers }));
      expect([path, [200, 404, 405].includes(status)]).toEqual([path, true]);
    }
  });

  test("runs every handler with one", async () => {
    const { application, reached, names } = createTrap();
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const path of allPaths()) {
      for (const method of ["GET", "POST", "DELETE"]) {
        await application.fetch(new Request(`http://localhost${path}`, { method, headers }));
      }
    }
    expect(new Set(reached)).toEqual(new Set(names));
  });
});

describe("the gateway, without a token,", () => {
  let started: StartedGateway;

  beforeAll(async () => {
    started = await startBesideProvider((url) => ({
      ...threeProviders(url),
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: TOKEN,
    }));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  type Answer = { readonly status: number; readonly text: string };

  /** Sends heads over one connection, for as long as it is kept; undefined where a new one ends without an answer. */
  function openAsker() {
    let client: RawClient | undefined;
    const leave = (): void => {
      client?.leave();
      client = undefined;
    };
    return {
      async answerTo(requestLine: string, fields: string): Promise<Answer | undefined> {
        for (;;) {
          const isNew = client === undefined;
          client ??= await openRawClient(started.gateway.port);
          await client.send(`${requestLine} HTTP/1.1\r\n${fields}\r\n\r\n`);
          try {
            const { status } = await client.head();
            return { status, text: (await client.body()).text };
          } catch (error) {
            if (!String(error).includes("connection ended")) throw error;
            leave();
            if (isNew) return undefined;
          }
        }
      },
      [Symbol.dispose]: leave,
    };
  }

  /** Sends a head over a connection of its own. */
  async function answerTo(requestLine: string, fields: string): Promise<Answer | undefined> {
    using asker = openAsker();
    return await asker.answerTo(requestLine, fields);
  }

  test.each(METHODS)("answers 401 to %s for every path but those of health", async (method) => {
    for (const path of allPaths()) {
      const expected = path.startsWith("/swagger/assets/") ? 404 : 200;
      const body = method === "POST" ? "\r\nContent-Length: 0" : "";
      expect([path, (await answerTo(`${method} ${path}`, `Host: localhost${body}`))?.status]).toEqual([
        path,
        isOpen(method, path) ? expected : 401,
      ]);
    }
    expect(started.takeCalls()).toEqual([]);
  });

  const respellings: readonly (readonly [how: string, respell: (path: string) => string])[] = [
    ["an absolute target", (path) => `http://localhost${path}`],
    ["an absolute target of another authority", (path) => `http://health:1${path}`],
    ["an absolute target of another scheme", (path) => `https://localhost${path}`],
    ["an empty segment before it", (path) => `/${path}`],
    ["empty segments within it", (path) => path.replaceAll("/", "//")],
    ["a slash behind it", (path) => `${path}/`],
    ["a dot segment", (path) => `/.${path}`],
    ["dot segments out of health", (path) => `/health/ready/../..${path}`],
    ["encoded dot segments out of health", (path) => `/health/%2e%2E${path}`],
    ["dot segments into health", (path) => `${path}/..%2f..%2f..%2fhealth`],
    ["encoded slashes", (path) => `/${path.slice(1).replaceAll("/", "%2f")}`],
    ["an encoded letter", (path) => `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`],
    ["capitals", (path) => path.toUpperCase()],
    ["a query that names health", (path) => `${path}?path=/health&_method=GET`],
    ["a fragment that names health", (path) => `${path}#/health`],
    ["a parameter", (path) => `${path};/health`],
  ];
  const disguises = [
    "",
    "X-HTTP-Method-Override: GET\r\nX-Original-URL: /health\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
  ];
  test.each(respellings)(
    "answers 401 to every protected path with %s, upgrade and override headers or not",
    async (_, respell) => {
      const paths = allPaths().filter((path) => !OPEN.includes(path) && !isPage(path) && path !== "/");
      using asker = openAsker();
      for (const path of paths) {
        for (const fields of disguises) {
          for (const method of ["GET", "POST"]) {
            const target = respell(path);
            const head = `Host: localhost\r\n${fields}Content-Length: 0`;
            expect([method, target, (await asker.answerTo(`${method} ${target}`, head))?.status]).toEqual([
              method,
              target,
              401,
            ]);
          }
        }
      }
      expect(started.takeCalls()).toEqual([]);
    },
  );

  test("sends its challenge and closes nothing: with a token the same connection goes on", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/v1/models");
    const refused = await client.head();
    expect([refused.status, refused.header("www-authenticate")]).toEqual([401, "Bearer"]);
    await client.body();
    await client.request("GET", "/v1/models", { headers: { authorization: `Bearer ${TOKEN}` } });
    expect((await client.head()).status).toBe(200);
  });

  const spellings = [
    "//v1/models",
    "/v1//models",
    "/v1/models/",
    "/./v1/models",
    "/health/../v1/models",
    "/v1/health/../models",
    "/health/%2e%2e/v1/models",
    "/health/%2E./v1/models",
    "/health%2f..%2fv1/models",
    "/health/..%2fv1/models",
    "/health\\..\\v1\\models",
    "/HEALTH",
    "/Health",
    "/%68ealth",
    "/health%00",
    "/health%20",
    "/health;x=/v1/models",
    "/health/x",
    "/health/ready/x",
    "//health",
    "/\\health",
    "/x/../proxy/openai/health",
    "/proxy/openai/health",
    "/v1/proxy/openai/../../../v1/models",
    "/proxy/openai//health",
    "/v1/models?x=/health",
    "/v1/models#/health",
    "/health#/v1/models",
    "/swagger/../v1/models",
    "http://localhost/v1/models",
    "http://health/v1/models",
    "http://localhost:80/health/../proxy/openai/x",
    "https://localhost/v1/models",
    "http://user:password@localhost/v1/models",
  ];
  test.each(spellings)("answers 401 to %s", async (target) => {
    expect((await answerTo(`GET ${target}`, "Host: localhost"))?.status).toBe(401);
    expect(started.takeCalls()).toEqual([]);
  });

  test.each(["/health", "/health/", "/health?/v1/models", "/v1/models/../../health", "http://localhost/health"])(
    "answers %s as what it is: health",
    async (target) => {
      expect(await answerTo(`GET ${target}`, "Host: localhost")).toEqual({ status: 200, text: '{"message":"OK"}' });
    },
  );

  const hosts = [
    "Host: x",
    "Host: health",
    "Host: a-long-name.example.org:8080",
    "Host: ::1",
    "Host: x/health",
    "Host: x/health?",
    "Host: x#",
    "Host: x?",
    "Host: a@b",
    "Host: x y",
    "Host: ",
    "Host: x\r\nHost: y/health",
    "Host: y/health?\r\nHost: x",
    "Host: x\r\nX-Forwarded-Host: y/health",
  ];
  test.each(hosts)("lets no handler be chosen by %j", async (host) => {
    const targets = [
      "/v1/models",
      "/pub/v1/models",
      "/pub/admin/keys",
      "/p/proxy/openai/x",
      "/proxy/openai/x",
      "/a/health",
    ];
    for (const target of [...targets, "http://x/v1/models"]) {
      const answer = await answerTo(`GET ${target}`, host);
      // 400 where the field itself is refused.
      expect([400, 401]).toContain(answer?.status ?? 0);
    }
    expect(started.takeCalls()).toEqual([]);
  });

  const overrides = [
    "X-Original-URL: /health",
    "X-Rewrite-URL: /health",
    "X-Forwarded-Path: /health",
    "X-Forwarded-Prefix: /health",
    "X-HTTP-Method-Override: GET",
    "X-HTTP-Method: HEAD",
    "X-Method-Override: OPTIONS",
    "Forwarded: for=127.0.0.1;host=localhost",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-User: admin",
    "X-Real-IP: 127.0.0.1",
    "Access-Control-Request-Method: GET",
    "Connection: close, Authorization",
    "Cookie: token=x; authorization=x",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
  ];
  test.each(overrides)("is not moved by %j", async (fields) => {
    for (const line of ["GET /v1/models", "GET /proxy/openai/x", "POST /health", "OPTIONS /proxy/openai/x"]) {
      expect((await answerTo(line, `Host: localhost\r\n${fields}`))?.status).toBe(401);
    }
    expect(started.takeCalls()).toEqual([]);
  });

  test("keeps health what it is, whatever such fields ask for", async () => {
    for (const name of ["X-Original-URL", "X-Rewrite-URL"]) {
      const answer = await answerTo("GET /health", `Host: localhost\r\n${name}: /v1/models`);
      expect(answer).toEqual({ status: 200, text: '{"message":"OK"}' });
    }
  });

  test.each([
    ["CONNECT localhost:443", 401],
    ["CONNECT /v1/models", 401],
    ["TRACE /health", 401],
    ["M-SEARCH /health", 401],
    ["PURGE /proxy/openai/x", 401],
    ["OPTIONS *", 400],
    ["GET *", 400],
    ["GET health", 400],
    ["BREW /v1/models", 401],
    ["get /v1/models", 401],
    ["PRI *", 400],
  ] as const)("answers %s with %p", async (line, status) => {
    expect((await answerTo(line, "Host: localhost"))?.status).toBe(status as number);
    expect(started.takeCalls()).toEqual([]);
  });

  test("reads no body before the token", async () => {
    await using client = await openRawClient(started.gateway.port);
    await client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{");
    expect((await client.head()).status).toBe(401);
    await using expecting = await openRawClient(started.gateway.port);
    await expecting.send("PUT /proxy/openai/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect((await expecting.head()).status).toBe(401);
    expect(started.takeCalls()).toEqual([]);
  });
});
