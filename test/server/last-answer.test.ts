import { afterEach, describe, expect, test } from "bun:test";
import type { Serve } from "../../src/server/serve-route.ts";
import { Failure } from "../../src/core/errors.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { RequestRecord } from "../../src/core/request-context.ts";
import { createApplication, createRoutes } from "../../src/server/application.ts";
import type { Routes } from "../../src/server/router-table.ts";
import type { RouteHandler, ServeParts } from "../../src/server/serve-route.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";

/* What nobody foresaw, wherever it is thrown, is answered by the gateway itself, in the envelope of the path. */

const SECRET = "sk-secret";
const broken = (): never => {
  throw new Error(SECRET);
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Broken {
  readonly parts?: Partial<ServeParts>;
  readonly handler?: RouteHandler;
  readonly routes?: Partial<Routes>;
  readonly answer?: Serve;
}

async function start({ parts, handler = () => new Response("fine"), routes, answer }: Broken) {
  const finished: Partial<RequestRecord>[] = [];
  const faults: string[] = [];
  const requests = createInFlightRequests({
    observers: [({ id, route, status, failure }) => finished.push({ id, route, status, failure })],
    now: () => 0,
    newId: () => "made",
  });
  const built = createRoutes({
    ...{ requests, envelope: "simple", maxConcurrent: 0, cors: undefined },
    ...{ requireOwnOrigin: undefined, authenticate: undefined, relay: () => handler },
    handlers: { health: handler, models: handler, proxy: handler, routing: handler },
    ...parts,
  });
  const application = createApplication(
    { ...built, ...routes },
    {
      onFault: (error) => faults.push(String(error)),
      ...(answer && { importRouter: async () => ({ createRouter: () => answer }) }),
    },
  );
  const server = application.listen({
    ...{ hostname: "127.0.0.1", port: 0, reusePort: false },
    ...{ idleMs: 30_000, maxHeadBytes: 32_768 },
  });
  stops.push(() => server.stop(true));
  const ask = async (method: string, path: string) => {
    await using client = await openRawClient(server.port ?? 0);
    await client.request(method, path, { headers: { "content-length": "0", "x-request-id": "given" } });
    const { status, header } = await client.head();
    const { text } = await client.body();
    return {
      status,
      id: header("x-request-id"),
      type: header("content-type"),
      body: JSON.parse(text) as unknown,
      text,
    };
  };
  return { ask, finished, faults, size: requests.size };
}

const SIMPLE = { error: "Internal server error", type: "api_error", code: "internal", request_id: "given" };
const ANTHROPIC = {
  type: "error",
  error: { type: "api_error", message: "Internal server error" },
  request_id: "given",
};

describe("what is thrown is answered with 500, in the envelope of the path, counted and logged", () => {
  test.each<[string, Broken]>([
    ["by a handler", { handler: broken }],
    ["by a handler, later", { handler: async () => broken() }],
    ["by what describes the client", { parts: { describeClient: broken } }],
    ["by the check of its origin", { parts: { requireOwnOrigin: broken } }],
    ["by what asks for its credential", { parts: { authenticate: broken } }],
    ["by what decides of headers", { parts: { endsConnections: broken } }],
  ])("%s", async (_, given) => {
    const { ask, finished, size } = await start(given);

    for (const [path, body] of [
      ["/v1/models", SIMPLE],
      ["/v1/messages", ANTHROPIC],
      ["/proxy/openai/x", SIMPLE],
    ] as const) {
      const answer = await ask(path === "/v1/messages" ? "POST" : "GET", path);
      expect(answer).toMatchObject({ status: 500, id: "given", type: "application/json", body });
      expect(answer.text).not.toContain(SECRET);
    }
    expect(finished).toMatchObject(Array(3).fill({ id: "given", status: 500, failure: "internal" }));
    expect(size()).toBe(0);
  });

  test("by Elysia, before and after its handlers", async () => {
    for (const answer of [broken, async () => broken()]) {
      const { ask, finished, size } = await start({ answer });

      expect(await ask("GET", "/proxy/openai/x")).toMatchObject({ status: 500, id: "given", body: SIMPLE });
      expect(await ask("PUT", "/v1/messages")).toMatchObject({ status: 500, id: "given", body: ANTHROPIC });
      expect(finished).toMatchObject(Array(2).fill({ id: "given", status: 500, failure: "internal" }));
      expect(size()).toBe(0);
    }
  });
});

test("what is thrown where no request can be opened is answered all the same, and told", async () => {
  for (const given of [
    { routes: { serves: [], serveUnknown: broken, serveFault: broken } },
    { parts: { requests: { open: broken, size: () => 0 } } },
  ] satisfies Broken[]) {
    const { ask, faults } = await start(given);

    expect(await ask("GET", "/v1/models")).toMatchObject({ status: 500, id: "given", body: SIMPLE });
    expect(await ask("POST", "/v1/messages")).toMatchObject({ status: 500, id: "given", body: ANTHROPIC });
    expect(await ask("GET", "/proxy/openai/x")).toMatchObject({ status: 500, id: "given", body: SIMPLE });
    expect(faults).toHaveLength(3);
    expect(new Set(faults)).toEqual(new Set([`Error: ${SECRET}`]));
  }
});

test("an error that cannot be written is one of the gateway's own", async () => {
  const handler = (): never => {
    throw new Failure("provider_error", { providerError: { amount: 1n } });
  };
  const { ask, finished, size } = await start({ handler });

  expect(await ask("GET", "/v1/models")).toMatchObject({ status: 500, id: "given", body: SIMPLE });
  expect(await ask("POST", "/v1/messages")).toMatchObject({ status: 500, id: "given", body: ANTHROPIC });
  expect(finished).toMatchObject(Array(2).fill({ status: 500, failure: "internal" }));
  expect(size()).toBe(0);
});
