import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

const TOKEN = "a-key-for-tests-0123";
const ALLOWED = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = ["/proxy/openai/x", "/v1/proxy/openai/x"];
const ORIGIN = "https://app.example.com";

let open: StartedGateway;
let guarded: StartedGateway;
let shared: StartedGateway;
let all: StartedGateway[];

beforeAll(async () => {
  const auth = { AUTH_ENABLED: "true", AUTH_API_KEYS: `ci:${TOKEN}` };
  all = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({ ...threeProviders(url), ...auth })),
    startBesideProvider((url) => ({ ...threeProviders(url), ...auth, SERVER_CORS_ORIGINS: ORIGIN })),
  ]);
  [open, guarded, shared] = all as [StartedGateway, StartedGateway, StartedGateway];
});
beforeEach(() => {
  for (const started of all) {
    started.answerWith(({ method }) => {
      const answer = json(
        207,
        { ok: true },
        { "access-control-allow-origin": "*", "access-control-allow-methods": "*" },
      );
      // A body that is sent to HEAD nevertheless is taken by fetch for the answer to the next request of the connection.
      return method === "HEAD" ? answer.filter(({ kind }) => kind !== "chunk") : answer;
    });
    started.takeCalls();
  }
});
afterAll(() => Promise.all(all.map((started) => started[Symbol.asyncDispose]())));

/** Sends a request over a connection of its own; undefined if the connection ends without an answer. */
async function ask({ gateway }: StartedGateway, method: string, path: string, headers: Record<string, string> = {}) {
  await using client = await openRawClient(gateway.port);
  await client.request(method, path, { headers });
  try {
    return await client.head();
  } catch (error) {
    if (String(error).includes("connection ended")) return undefined;
    throw error;
  }
}

describe("a method", () => {
  test.each(ALLOWED)("%s passes to the provider", async (method) => {
    for (const path of PATHS) {
      expect((await ask(open, method, path))?.status).toBe(207);
      expect(open.takeCall()).toMatchObject({ method, target: "/v1/x" });
    }
  });

  test.each([
    ...["TRACE", "CONNECT", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH"],
    ...["MKCALENDAR", "ACL", "BIND", "LINK", "UNLINK", "PURGE", "QUERY", "SUBSCRIBE", "NOTIFY", "SOURCE", "CHECKOUT"],
  ])("%s is 405 and nothing is sent", async (method) => {
    for (const path of PATHS) {
      const answer = await ask(open, method, path);
      expect([answer?.status, answer?.header("allow")]).toEqual([405, ALLOWED.join(", ")]);
      const credential = { authorization: `Bearer ${TOKEN}` };
      expect((await ask(guarded, method, path, credential))?.status).toBe(405);
      expect((await ask(guarded, method, path))?.status).toBe(401);
    }
    expect([...open.takeCalls(), ...guarded.takeCalls()]).toEqual([]);
  });

  test.each(["BREW", "get", "Trace", "GETX", "G", "PRI", "M-SEARCH", "POST2", "OPTIONS_"])(
    "%s, which there is not, is 405 and nothing is sent",
    async (method) => {
      for (const path of PATHS) {
        expect((await ask(open, method, path))?.status).toBe(405);
      }
      expect(open.takeCalls()).toEqual([]);
    },
  );

  test("that a header asks for instead is not sent, nor the header", async () => {
    for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x_http_method_override"]) {
      expect((await ask(open, "POST", "/proxy/openai/x", { [name]: "TRACE", "content-length": "0" }))?.status).toBe(
        207,
      );
      const call = open.takeCall();
      expect([call.method, Buffer.from(call.head).includes("TRACE")]).toEqual(["POST", false]);
    }
  });
});

describe("a preflight", () => {
  const PREFLIGHT = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };

  test("is refused by the gateway if no page may call, with or without a credential", async () => {
    for (const started of [open, guarded]) {
      for (const path of [...PATHS, "/v1/chat/completions", "/health", "/nothing"]) {
        for (const credential of [{}, { authorization: `Bearer ${TOKEN}` }]) {
          for (const origin of [ORIGIN, "null"]) {
            const answer = await ask(started, "OPTIONS", path, { ...PREFLIGHT, origin, ...credential });
            expect([path, answer?.status]).toEqual([path, 403]);
            expect(answer?.headers.filter(([name]) => /^access-control/i.test(name))).toEqual([]);
          }
        }
      }
      expect(started.takeCalls()).toEqual([]);
    }
  });

  test("is answered by the gateway if a page may call, and refused to the pages of others", async () => {
    for (const path of PATHS) {
      const answer = await ask(shared, "OPTIONS", path, { ...PREFLIGHT, origin: ORIGIN });
      expect([answer?.status, answer?.header("access-control-allow-origin")]).toEqual([204, ORIGIN]);
      expect(answer?.header("access-control-allow-methods")).toBe("POST");
      const foreign = await ask(shared, "OPTIONS", path, { ...PREFLIGHT, origin: "https://evil.example" });
      expect([foreign?.status, foreign?.header("access-control-allow-origin")]).toEqual([403, undefined]);
    }
    expect(shared.takeCalls()).toEqual([]);
  });

  test("is what has both headers; other OPTIONS pass, and what the provider permits does not", async () => {
    for (const headers of [{}, { "access-control-request-method": "POST" }]) {
      const answer = await ask(open, "OPTIONS", "/proxy/openai/x", headers);
      expect(answer?.status).toBe(207);
      expect(answer?.headers.filter(([name]) => /^access-control/i.test(name))).toEqual([]);
      const call = open.takeCall();
      expect([call.method, call.header("access-control-request-method")]).toEqual(["OPTIONS", undefined]);
    }
    expect((await ask(guarded, "OPTIONS", "/proxy/openai/x"))?.status).toBe(401);
    expect(guarded.takeCalls()).toEqual([]);
  });

  test("after it, only the gateway says who may read the answer", async () => {
    const headers = { origin: ORIGIN, authorization: `Bearer ${TOKEN}` };
    const answer = await ask(shared, "POST", "/proxy/openai/x", { ...headers, "content-length": "0" });
    expect([answer?.status, answer?.header("access-control-allow-origin")]).toEqual([207, ORIGIN]);
    expect(answer?.headers.filter(([name]) => /^access-control-allow/i.test(name))).toHaveLength(1);
  });
});
