import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

const TOKEN = "a-key-for-tests-0123";

let open: StartedGateway;
let guarded: StartedGateway;

beforeAll(async () => {
  [open, guarded] = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({ ...threeProviders(url), AUTH_ENABLED: "true", AUTH_API_KEYS: TOKEN })),
  ]);
});
beforeEach(() => {
  open.takeCalls();
  guarded.takeCalls();
});
afterAll(() => Promise.all([open[Symbol.asyncDispose](), guarded[Symbol.asyncDispose]()]));

const HANDSHAKE = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

async function ask({ gateway }: StartedGateway, path: string, headers: Record<string, string>, method = "GET") {
  await using client = await openRawClient(gateway.port);
  await client.request(method, path, { headers });
  const head = await client.head();
  return { head, body: method === "HEAD" ? "" : (await client.body()).text };
}

test.each(["/v1/responses", "/responses", "/v1/responses/", "/v1/responses/r", "/v1/chat/completions", "/v1/models"])(
  "WebSocket on %s is 426 at once, with what there is instead",
  async (path) => {
    for (const upgrade of ["websocket", "WebSocket", "h2c, websocket", "websocket/13"]) {
      const { head, body } = await ask(open, path, { ...HANDSHAKE, upgrade });
      expect([head.status, head.header("upgrade"), head.header("connection")]).toEqual([426, "HTTP/1.1", "Upgrade"]);
      const code = "websocket_not_supported";
      expect(JSON.parse(body)).toMatchObject(path.includes("responses") ? { error: { code } } : { code });
    }
    expect(open.takeCalls()).toEqual([]);
  },
);

test("WebSocket through /proxy is 501, whatever the method, and not sent on", async () => {
  for (const path of ["/proxy/openai/v1/realtime?model=x", "/v1/proxy/openai/v1/responses", "/proxy/none/x"]) {
    for (const method of ["GET", "HEAD"]) {
      for (const connection of ["Upgrade", "keep-alive, Upgrade", "keep-alive"]) {
        expect((await ask(open, path, { ...HANDSHAKE, connection }, method)).head.status).toBe(501);
      }
    }
  }
  expect(open.takeCalls()).toEqual([]);
});

test("no credential is 401 all the same, and a good one changes nothing", async () => {
  for (const [path, status] of [
    ["/v1/responses", 426],
    ["/proxy/openai/v1/realtime", 501],
  ] as const) {
    expect((await ask(guarded, path, HANDSHAKE)).head.status).toBe(401);
    const credential = { authorization: `Bearer ${TOKEN}` };
    expect((await ask(guarded, path, { ...HANDSHAKE, ...credential })).head.status).toBe(status);
  }
  expect(guarded.takeCalls()).toEqual([]);
});

test("a connection that is to end after its refusal does", async () => {
  await using client = await openRawClient(open.gateway.port);
  await client.request("GET", "/v1/responses", { headers: { ...HANDSHAKE, connection: "close, Upgrade" } });
  expect((await client.head()).status).toBe(426);
  await client.body();
  expect((await client.untilClosed()).by).toBe("peer");
});

test("one that is not goes on with HTTP, as Codex does", async () => {
  await using client = await openRawClient(open.gateway.port);
  await client.request("GET", "/v1/responses", { headers: HANDSHAKE });
  expect((await client.head()).status).toBe(426);
  await client.body();
  const body = '{"model":"openai/x","input":"a"}';
  await client.request("POST", "/v1/responses", { headers: { "content-type": "application/json" }, body });
  expect((await client.head()).status).toBe(200);
});

test("other protocols and other places are as ever", async () => {
  const h2c = { upgrade: "h2c", connection: "Upgrade, HTTP2-Settings", "http2-settings": "AAMAAABkAAQAAP__" };
  expect((await ask(open, "/proxy/openai/x", h2c)).head.status).toBe(200);
  const { head } = open.takeCall();
  expect(Buffer.from(head).toString().toLowerCase()).not.toContain("upgrade");
  expect((await ask(open, "/v1/models", h2c)).head.status).toBe(200);
  expect((await ask(open, "/health", HANDSHAKE)).head.status).toBe(200);
  expect((await ask(open, "/v1/nothing", HANDSHAKE)).head.status).toBe(404);
});
