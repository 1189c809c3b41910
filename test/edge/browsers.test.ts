import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { type RawClient, openRawClient } from "../fixtures/raw-http-client.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { CHAT } from "../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const APP = "https://app.example.com";
const KEYS = { AUTH_ENABLED: "true", AUTH_API_KEYS: "ci:a-key-for-tests" };

/** With authentication off and nothing else set. */
let open: StartedGateway;
/** With the page and the hosts that its operator allows. */
let allowing: StartedGateway;
let authenticating: RunningGateway;

beforeAll(async () => {
  [open, allowing, authenticating] = await Promise.all([
    startBesideProvider((url) => ({ ...threeProviders(url), MCP_EXPOSE: "true" })),
    startBesideProvider((url) => ({
      ...threeProviders(url),
      SERVER_CORS_ORIGINS: APP,
      SERVER_ALLOWED_HOSTS: "Gateway, .apps.example, *.svc.example",
    })),
    startGateway(KEYS),
  ]);
});
beforeEach(() => {
  open.takeCalls();
  allowing.takeCalls();
});
afterAll(async () => {
  await Promise.all([open[Symbol.asyncDispose](), allowing[Symbol.asyncDispose](), authenticating.stop()]);
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | undefined;
}

type Fields = Readonly<Record<string, string>>;

const NOTHING = "";

/** One request as a browser writes it; `Host` is the gateway's own address unless another is given. */
async function ask(
  port: number,
  line: string,
  { host = `127.0.0.1:${port}`, ...fields }: Fields = {},
  body = NOTHING,
): Promise<Reply> {
  await using client = await openRawClient(port);
  const [method = "", target = ""] = line.split(" ");
  await client.request(method, target, { headers: { host, ...fields }, ...(body !== NOTHING && { body }) });
  return await replyOf(client);
}

async function replyOf(client: RawClient): Promise<Reply> {
  const head = await client.head();
  const { text } = await client.body();
  return { status: head.status, text, header: (name) => head.header(name) };
}

const chatBody = JSON.stringify(CHAT);
const CHAT_LINE = "POST /v1/chat/completions";
const JSON_TYPE = { "content-type": "application/json" };

const EVIL = { origin: "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };

/** Every route that does something for the one who asks. */
const LINES = [
  "GET /v1/models",
  "GET /v1/models/openai/gpt-4o",
  CHAT_LINE,
  "POST /v1/messages",
  "POST /v1/messages/count_tokens",
  "POST /v1/responses",
  "POST /v1/embeddings",
  "GET /v1/mcp/tools",
  "GET /proxy/openai/v1/models",
  "POST /proxy/openai/v1/files",
  "DELETE /v1/proxy/openai/v1/files/f",
  "GET /swagger/json",
  "GET /nowhere",
  "DELETE /v1/models",
] as const;

describe("with authentication off", () => {
  test.each(LINES)("%s of a page of another site is 403, and nothing runs", async (line) => {
    const body = line.startsWith("POST") ? chatBody : NOTHING;
    const { status, text, header } = await ask(open.gateway.port, line, { ...EVIL, ...JSON_TYPE }, body);
    expect([status, JSON.parse(text)]).toMatchObject([
      403,
      line.includes("/messages")
        ? {
            type: "error",
            error: { type: "permission_error", message: expect.stringContaining("SERVER_CORS_ORIGINS") },
          }
        : line.includes("/responses")
          ? { error: { code: "origin_not_allowed", message: expect.stringContaining("SERVER_CORS_ORIGINS") } }
          : { code: "origin_not_allowed", error: expect.stringContaining("SERVER_CORS_ORIGINS") },
    ]);
    expect(header("x-request-id")).toBeString();
    expect(open.takeCalls()).toEqual([]);
  });

  test.each(LINES)("%s under a rebound name is 403, and nothing runs", async (line) => {
    // As a page at http://evil.example asks, whose name resolves to 127.0.0.1 by now: to the browser it is its own origin.
    const host = `evil.example:${open.gateway.port}`;
    const fields = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin", ...JSON_TYPE };
    const body = line.startsWith("POST") ? chatBody : NOTHING;
    const { status, text } = await ask(open.gateway.port, line, fields, body);
    expect([status, text]).toEqual([403, expect.stringContaining("SERVER_ALLOWED_HOSTS=evil.example")]);
    expect(open.takeCalls()).toEqual([]);
  });

  test("the refusal comes before the body", async () => {
    await using client = await openRawClient(open.gateway.port);
    const fields = `host: 127.0.0.1\r\norigin: ${EVIL.origin}\r\ncontent-length: 1000\r\n`;
    await client.send(`${CHAT_LINE} HTTP/1.1\r\n${fields}\r\n{`);
    expect((await client.head()).status).toBe(403);
  });

  test.each<[what: string, fields: Fields]>([
    ["a form that is sent as text", { origin: "https://evil.example", "content-type": "text/plain" }],
    ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["a file", { origin: "null" }],
    ["a page without Sec-Fetch-Site, as older browsers send it", { origin: "http://evil.example" }],
    ["another port of this machine", { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" }],
    ["another name of this machine", { origin: "http://localhost:8080" }],
    ["a beacon without an origin", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
    ["a page of the same site", { "sec-fetch-site": "same-site" }],
    ["a value that no standard knows", { "sec-fetch-site": "same-origin-allow" }],
    ["two values", { "sec-fetch-site": "none, cross-site" }],
    ["an empty value", { "sec-fetch-site": "" }],
    ["an empty origin", { origin: "" }],
    ["an extension", { origin: "chrome-extension://abcdefghijklmnop" }],
    ["a page that names the gateway's origin as a part of its own", { origin: "http://127.0.0.1.evil.example" }],
    ["a link", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }],
  ])("%s is foreign", async (_, fields) => {
    for (const line of [CHAT_LINE, "GET /v1/models"]) {
      const body = line === CHAT_LINE ? chatBody : NOTHING;
      expect((await ask(open.gateway.port, line, fields, body)).status).toBe(403);
    }
    expect(open.takeCalls()).toEqual([]);
  });

  test("an origin of the gateway's own host is foreign under another port", async () => {
    const port = open.gateway.port;
    for (const origin of [`http://127.0.0.1:${port + 1}`, "http://127.0.0.1", `ftp://127.0.0.1:${port}`]) {
      expect((await ask(port, CHAT_LINE, { origin, ...JSON_TYPE }, chatBody)).status).toBe(403);
    }
  });

  test("a foreign page's preflight gets no permission", async () => {
    const { status, header } = await ask(open.gateway.port, "OPTIONS /v1/chat/completions", {
      ...EVIL,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    });
    expect([status, header("access-control-allow-origin")]).toEqual([403, undefined]);
  });

  test.each([
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost",
    "LOCALHOST:8080",
    "localhost.:8080",
    "app.localhost",
    "[::1]:8080",
    "10.2.3.4:8080",
    "[fd00::1]",
    "host.docker.internal:8080",
    hostname(),
  ])("a Host of %s is an address of this machine", async (host) => {
    expect((await ask(open.gateway.port, CHAT_LINE, { host, ...JSON_TYPE }, chatBody)).status).toBe(200);
    const origin = `http://${host.toLowerCase()}`;
    const fields = { host, origin, "sec-fetch-site": "same-origin", ...JSON_TYPE };
    expect((await ask(open.gateway.port, CHAT_LINE, fields, chatBody)).status).toBe(200);
  });

  test.each([
    "gateway:8080",
    "x",
    "localhost.evil.example",
    "evil-localhost",
    "notlocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "1.2.3",
    "docker.internal",
    "com",
  ])("a Host of %s is none", async (host) => {
    const { status, text } = await ask(open.gateway.port, CHAT_LINE, { host, ...JSON_TYPE }, chatBody);
    const name = host.replace(/:.*/, "");
    // 1.2.3 is read by browsers as 1.2.0.3, an address.
    if (host === "1.2.3") return expect(status).toBe(200);
    expect([status, JSON.parse(text)]).toMatchObject([
      403,
      { code: "host_not_allowed", error: expect.stringContaining(`SERVER_ALLOWED_HOSTS=${name}`) },
    ]);
  });

  test("one good Host makes no other good", async () => {
    const statuses: number[] = [];
    for (const host of ["localhost", "evil.example", "localhost", "evil.example"]) {
      statuses.push((await ask(open.gateway.port, "GET /v1/models", { host })).status);
    }
    expect(statuses).toEqual([200, 403, 200, 403]);
  });

  test.each(["/health", "/v1/health", "/health/ready"])("%s is open to every Host and page", async (path) => {
    for (const fields of [{ host: "10.0.0.7:8080" }, { host: "gateway.prod.svc" }, EVIL]) {
      expect((await ask(open.gateway.port, `GET ${path}`, fields)).status).toBe(200);
    }
  });

  test("the documentation page opens by a link on any page, and asks the gateway from there", async () => {
    const port = open.gateway.port;
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await ask(port, "GET /swagger", link)).status).toBe(200);
    expect((await ask(port, "GET /swagger", { ...link, "sec-fetch-dest": "iframe" })).status).toBe(403);
    expect((await ask(port, "GET /swagger", { ...link, host: "evil.example" })).status).toBe(403);
    const own = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" };
    expect((await ask(port, "GET /swagger/json", own)).status).toBe(200);
    const sent = { ...own, origin: `http://127.0.0.1:${port}`, ...JSON_TYPE };
    expect((await ask(port, CHAT_LINE, sent, chatBody)).status).toBe(200);
    const typed = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await ask(port, "GET /v1/models", typed)).status).toBe(200);
  });

  test("a page that a TLS proxy before the gateway serves is of its own origin", async () => {
    const fields = { host: "localhost", origin: "https://localhost", "sec-fetch-site": "same-origin", ...JSON_TYPE };
    expect((await ask(open.gateway.port, CHAT_LINE, fields, chatBody)).status).toBe(200);
  });

  test("programs are served: curl, Node's fetch and the official client", async () => {
    const port = open.gateway.port;
    const curl = { "user-agent": "curl/8.5.0", accept: "*/*", ...JSON_TYPE };
    expect((await ask(port, CHAT_LINE, curl, chatBody)).status).toBe(200);
    const node = { "user-agent": "node", "sec-fetch-mode": "cors", "accept-language": "*", ...JSON_TYPE };
    expect((await ask(port, CHAT_LINE, node, chatBody)).status).toBe(200);
    const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none", maxRetries: 0 });
    await client.chat.completions.create({ model: CHAT.model, messages: [{ role: "user", content: "hi" }] });
    expect(open.takeCalls()).toHaveLength(3);
  });
});

describe("with origins and hosts that are allowed", () => {
  test("their page may call, others may not", async () => {
    const port = allowing.gateway.port;
    const page = { origin: APP, "sec-fetch-site": "cross-site", ...JSON_TYPE };
    const answer = await ask(port, CHAT_LINE, page, chatBody);
    expect([answer.status, answer.header("access-control-allow-origin")]).toEqual([200, APP]);
    const preflight = { origin: APP, "sec-fetch-site": "cross-site", "access-control-request-method": "POST" };
    expect((await ask(port, "OPTIONS /v1/chat/completions", preflight)).status).toBe(204);
    // Without its origin nobody can tell which page asks.
    expect((await ask(port, "GET /v1/models", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await ask(port, CHAT_LINE, { ...EVIL, ...JSON_TYPE }, chatBody)).status).toBe(403);
    // An allowed page is no reason to serve under a name that could be anybody's.
    expect((await ask(port, CHAT_LINE, { ...page, host: "evil.example" }, chatBody)).status).toBe(403);
  });

  test.each([
    ["gateway", 200],
    ["GATEWAY:8080", 200],
    ["gateway.", 200],
    ["x.gateway", 403],
    ["apps.example", 200],
    ["a.b.apps.example", 200],
    ["xapps.example", 403],
    ["svc.example", 403],
    ["a.svc.example:80", 200],
  ])("a Host of %s is answered with %d", async (host, status) => {
    const reply = await ask(allowing.gateway.port, CHAT_LINE, { host, ...JSON_TYPE }, chatBody);
    expect(reply.status).toBe(status);
    // The others are the operator's alone to know.
    if (status === 403) expect(reply.text).not.toContain("apps.example,");
  });

  test("a unix socket, which no page reaches, is asked under any name unless some are listed", async () => {
    const directory = scratchFolder("browsers");
    const [any, listed] = [join(directory, "any.sock"), join(directory, "listed.sock")];
    await using _first = await startGateway({ SERVER_UNIX_SOCKET: any });
    await using _second = await startGateway({ SERVER_UNIX_SOCKET: listed, SERVER_ALLOWED_HOSTS: "gateway" });
    const statusOf = async (unix: string, host: string, headers: Fields = {}): Promise<number> =>
      (await fetch(`http://${host}/v1/models`, { unix, headers })).status;
    expect(await statusOf(any, "whatever")).toBe(200);
    expect(await statusOf(any, "whatever", EVIL)).toBe(403);
    expect([await statusOf(listed, "gateway"), await statusOf(listed, "whatever")]).toEqual([200, 403]);
  });

  test("* allows all of them", async () => {
    await using any = await startGateway({ SERVER_ALLOWED_HOSTS: "*", SERVER_CORS_ORIGINS: "*" });
    for (const fields of [{ host: "evil.example" }, EVIL, { origin: "null" }, { "sec-fetch-site": "cross-site" }]) {
      expect((await ask(any.port, "GET /v1/models", fields)).status).toBe(200);
    }
  });
});

test("with authentication on the credential alone decides", async () => {
  const credential = { authorization: "Bearer a-key-for-tests" };
  for (const fields of [EVIL, { host: "evil.example" }, { "sec-fetch-site": "cross-site" }]) {
    expect((await ask(authenticating.port, "GET /v1/models", { ...fields, ...credential })).status).toBe(200);
    expect((await ask(authenticating.port, "GET /v1/models", fields)).status).toBe(401);
  }
});

describe("at the start", () => {
  const warned = (gateway: RunningGateway): boolean =>
    gateway.log.some(({ level, msg }) => level === "warn" && String(msg).includes("SERVER_ALLOWED_HOSTS"));

  test("a gateway that others reach without authentication says which hosts it answers", async () => {
    await using first = await startGateway({ SERVER_HOST: "0.0.0.0" });
    await first.logged(({ msg }) => String(msg).includes("SERVER_ALLOWED_HOSTS"));
    await using second = await startGateway({ SERVER_HOST: "0.0.0.0", SERVER_ALLOWED_HOSTS: "gateway" });
    await second.logged(({ msg }) => String(msg).includes("AUTH_ENABLED"));
    expect(warned(second)).toBe(false);
  });
});
