import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { head, raw } from "../../fixtures/script.ts";
import { openRawClient } from "../../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider } from "../../routes/started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider();
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const HOST = "Host: localhost\r\n";

async function headOf(request: string) {
  await using client = await openRawClient(started.gateway.port);
  await client.send(Buffer.from(request, "latin1"));
  return await client.head();
}

const field = (answer: Awaited<ReturnType<typeof headOf>>, name: string): string | undefined =>
  answer.headers.find(([given]) => given.toLowerCase() === name)?.[1];

// Names of what every object has.
test.each(["constructor", "toString", "valueOf", "__proto__", "hasOwnProperty", "isPrototypeOf"])(
  "the method %s is one that no path takes",
  async (method) => {
    expect((await headOf(`${method} /health HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(405);
  },
);

test.each(["/health", "/v1/models", "/swagger", "/swagger/json", "/docs"])(
  "HEAD of %s announces as much as GET sends",
  async (path) => {
    const sent = (await (await fetch(started.gateway.url + path)).bytes()).length;
    expect(field(await headOf(`HEAD ${path} HTTP/1.1\r\n${HOST}\r\n`), "content-length")).toBe(String(sent));
  },
);

describe("bytes beyond ASCII in a target", () => {
  test.each([
    ["of UTF-8", "?\xc3\xa9", "?%C3%A9"],
    ["of UTF-8 in the path", "/\xc3\xa9", "/%C3%A9"],
    ["of something else", "?\xe9", "?%EF%BF%BD"],
  ])("%s go on as the runtime's server sent them on", async (_, given, expected) => {
    await headOf(`GET /proxy/openai/echo${given} HTTP/1.1\r\n${HOST}\r\n`);
    expect(started.takeCall().target).toBe(`/v1/echo${expected}`);
  });
});

test.each(["GET", "HEAD"])("the 204 of a provider that gives it a length has none for %s", async (method) => {
  started.answerWith([head(204, { "content-length": "5" }), raw("")]);
  const answer = await headOf(`${method} /proxy/openai/x HTTP/1.1\r\n${HOST}\r\n`);
  expect([answer.status, field(answer, "content-length")]).toEqual([204, undefined]);
});

test.each(["http://localhost:99999/health", "http://[::1/health"])(
  "of a target that is the URL %s only the path counts, after a good Host as before one",
  async (target) => {
    for (const method of ["GET", "GET"]) {
      expect((await headOf(`${method} ${target} HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(200);
    }
    expect((await headOf(`OPTIONS ${target} HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(405);
  },
);

test.each(["\n", "\r", "\0", "\t", "\v", " ", " x1", "\x7f"])(
  "a request line with %j where a target names its host is refused",
  async (wrong) => {
    expect((await headOf(`GET http://${wrong}localhost/health HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(400);
  },
);
