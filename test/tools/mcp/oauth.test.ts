import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { type McpTestServer, startMcpServer, text } from "./mcp-server.ts";
import { openTestBox, type TestBox, TIMERS } from "./open-test-registry.ts";

const CLIENT = { MCP_GUARDED_CLIENT_ID: "gate way", MCP_GUARDED_CLIENT_SECRET: "client+secret" };
const BASIC = `Basic ${btoa("gate+way:client%2Bsecret")}`;

interface Rig extends AsyncDisposable {
  readonly mcp: McpTestServer;
  /** Paths that the authorization server was asked for, and with POST the form. */
  readonly asked: string[];
  readonly headers: (string | null)[];
  /** Tokens that the MCP server accepts. */
  readonly valid: Set<string>;
  /** What the authorization server answers instead. */
  answers: Record<string, () => Response | Promise<Response>>;
  /** `expires_in` of the tokens. */
  life: number | undefined;
  open(environment?: Record<string, string>): TestBox;
}

/** An MCP server that wants tokens, and the authorization server that issues them: `token-1`, `token-2` and so on. */
async function startRig(challenge?: string): Promise<Rig> {
  const asked: string[] = [];
  const headers: (string | null)[] = [];
  const valid = new Set<string>();
  const issue = (): Response => {
    const token = `access-token-${valid.size + 1}`;
    valid.add(token);
    return Response.json({ access_token: token, token_type: "Bearer", ...(rig.life && { expires_in: rig.life }) });
  };
  const authorization = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    async fetch(request): Promise<Response> {
      const { origin, pathname } = new URL(request.url);
      asked.push(request.method === "POST" ? `${pathname} ${await request.text()}` : pathname);
      headers.push(request.headers.get("authorization"));
      const own = rig.answers[pathname];
      if (own) return own();
      if (pathname === "/token" && request.method === "POST") return issue();
      if (pathname === "/.well-known/oauth-authorization-server/tenant") {
        return Response.json({ issuer: `${origin}/tenant`, token_endpoint: `${origin}/token` });
      }
      return new Response("not found", { status: 404 });
    },
  });
  const origin = `http://127.0.0.1:${authorization.port}`;
  const resource: JsonObject = { authorization_servers: [`${origin}/tenant`] };
  const mcp = await startMcpServer({
    tools: [{ name: "echo" }, { name: "leak", run: () => text([...valid].join(" ")) }],
    intercept(request) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/.well-known/")) {
        asked.push(`mcp ${pathname}`);
        const named = challenge === undefined ? "/.well-known/oauth-protected-resource/mcp" : "/.well-known/elsewhere";
        if (pathname !== named) return new Response("not found", { status: 404 });
        return Response.json({ resource: mcp.url, ...resource });
      }
      const [, token = ""] = /^Bearer (.*)$/.exec(request.headers.get("authorization") ?? "") ?? [];
      if (valid.has(token)) return undefined;
      const named = challenge?.replace("ORIGIN", new URL(mcp.url).origin);
      return new Response("who are you?", { status: 401, headers: { "www-authenticate": named ?? "Bearer" } });
    },
  });
  const rig: Rig = {
    mcp,
    asked,
    headers,
    valid,
    answers: {},
    life: undefined,
    open: (environment = {}) => openTestBox({ MCP_SERVERS: `guarded=${mcp.url}`, ...CLIENT, ...environment }),
    async [Symbol.asyncDispose]() {
      await mcp.stop();
      await authorization.stop(true);
    },
  };
  return rig;
}

const form = (mcp: McpTestServer, more = ""): string =>
  `/token grant_type=client_credentials&resource=${encodeURIComponent(mcp.url)}${more}`;
const METADATA = "/.well-known/oauth-authorization-server/tenant";
const tokens = (rig: Rig): number => rig.asked.filter((path) => path.startsWith("/token")).length;

test("a token is got where the server's metadata say, once for all callers, and is told to nobody", async () => {
  await using rig = await startRig();
  await using box = rig.open();
  await box.until(() => box.available(), "connected");
  const results = await Promise.all([
    box.run("mcp_echo", { n: 1 }),
    box.run("mcp_echo", { n: 2 }),
    box.run("mcp_leak"),
  ]);
  expect(results).toEqual(['{"n":1}', '{"n":2}', "***"]);
  expect(rig.asked).toEqual(["mcp /.well-known/oauth-protected-resource/mcp", METADATA, form(rig.mcp)]);
  expect(rig.headers).toEqual([null, BASIC]);
});

test("a token is got where the setting says", async () => {
  await using rig = await startRig();
  await using box = rig.open({
    MCP_GUARDED_TOKEN_URL: `${(await tokenUrl(rig)).href}`,
    MCP_GUARDED_SCOPE: "tools read",
  });
  await box.until(() => box.available(), "connected");
  expect(rig.asked).toEqual([form(rig.mcp, "&scope=tools+read")]);
});

test("a token whose life is no number is used until it is refused", async () => {
  await using rig = await startRig();
  rig.answers["/token"] = () => {
    rig.valid.add("access-token-1");
    return Response.json({ access_token: "access-token-1", expires_in: { valueOf: 1, toString: 1 } });
  };
  await using box = rig.open();
  await box.until(() => box.available(), "connected");
  expect(tokens(rig)).toBe(1);
});

test("the server says in its challenge where its metadata are", async () => {
  await using rig = await startRig('Bearer error="invalid_token", resource_metadata="ORIGIN/.well-known/elsewhere"');
  await using box = rig.open();
  await box.until(() => box.available(), "connected");
  expect(tokens(rig)).toBe(1);
  expect(rig.asked).toContain("mcp /.well-known/elsewhere");
});

test("credentials go into the body if the authorization server wants them there", async () => {
  await using rig = await startRig();
  const { origin } = await tokenUrl(rig);
  rig.answers[METADATA] = () =>
    Response.json({
      issuer: `${origin}/tenant`,
      token_endpoint: `${origin}/token`,
      token_endpoint_auth_methods_supported: ["client_secret_post"],
    });
  await using box = rig.open();
  await box.until(() => box.available(), "connected");
  expect(rig.asked.at(-1)).toBe(form(rig.mcp, "&client_id=gate+way&client_secret=client%2Bsecret"));
  expect(rig.headers.at(-1)).toBeNull();
});

test("a token that is refused is renewed once, for all callers", async () => {
  await using rig = await startRig();
  let time = 0;
  await using box = openTestBox(
    { MCP_SERVERS: `guarded=${rig.mcp.url}`, ...CLIENT },
    { timers: { ...TIMERS, now: () => performance.now() + time } },
  );
  await box.until(() => box.available(), "connected");
  time += 60_000;
  rig.valid.delete("access-token-1");
  rig.valid.add("some-other-token");
  const results = await Promise.all([1, 2, 3].map((n) => box.run("mcp_echo", { n })));
  expect(results).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect(tokens(rig)).toBe(2);
});

test("a token is renewed before its end, and the old one is used if that fails", async () => {
  await using rig = await startRig();
  rig.life = 3600;
  let time = 0;
  await using box = openTestBox(
    { MCP_SERVERS: `guarded=${rig.mcp.url}`, ...CLIENT },
    { timers: { ...TIMERS, now: () => performance.now() + time } },
  );
  await box.until(() => box.available(), "connected");
  time += 3500_000;
  expect(await box.run("mcp_echo")).toBe("{}");
  expect(tokens(rig)).toBe(1);
  time += 60_000;
  rig.answers["/token"] = () => new Response("busy", { status: 500 });
  expect(await box.run("mcp_echo")).toBe("{}");
  rig.answers = {};
  expect(await box.run("mcp_echo")).toBe("{}");
  expect(rig.valid.size).toBe(2);
  time += 7200_000;
  rig.answers["/token"] = () => Response.json({ error: "invalid_client" }, { status: 401 });
  expect(await box.run("mcp_echo")).toBe(
    "Error: the MCP server guarded has an authorization server that answered with status 401 (invalid_client)",
  );
});

test("a server that refuses every token is asked with one new one at most", async () => {
  await using rig = await startRig();
  await using box = rig.open();
  await box.until(() => box.available(), "connected");
  rig.valid.clear();
  expect(await box.run("mcp_echo")).toContain("does not accept the gateway's token (status 401)");
  await box.until(() => box.told.length > 1, "it is away");
  expect(tokens(rig)).toBe(1);
});

describe("what is wrong is named", () => {
  const nothing = (): Response => new Response("", { status: 404 });
  test.each([
    [
      "no metadata of the authorization server",
      { [METADATA]: nothing },
      "names an authorization server that has no metadata",
    ],
    [
      "metadata of another one",
      {
        [METADATA]: () => Response.json({ issuer: "http://evil.example", token_endpoint: "http://evil.example/token" }),
      },
      "names an authorization server whose metadata are of another issuer",
    ],
    [
      "an answer that is no token",
      { "/token": () => Response.json({ access_token: 5 }) },
      "has an authorization server that answered without a token",
    ],
    [
      "a refusal",
      { "/token": () => Response.json({ error: "invalid_scope", error_description: "very-secret" }, { status: 400 }) },
      "has an authorization server that answered with status 400 (invalid_scope)",
    ],
    [
      "a redirect",
      { "/token": () => Response.redirect("http://127.0.0.1:9/") },
      "has an authorization server that answered with status 302",
    ],
    [
      "an answer without an end",
      {
        "/token": () =>
          new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) })),
      },
      "answered with more than 262144 bytes to a request for a token",
    ],
  ] as const)("%s", async (_, answers, problem) => {
    await using rig = await startRig();
    rig.answers = answers;
    await using box = rig.open();
    await box.until(() => box.told.length > 0, "it is told of");
    expect(box.told).toEqual([`guarded: disconnected: ${problem}`]);
  });

  test("a server that is down", async () => {
    await using box = openTestBox({ MCP_SERVERS: "guarded=http://127.0.0.1:1/mcp", ...CLIENT });
    await box.until(() => box.told.length > 0, "it is told of");
    expect(box.told).toEqual([expect.stringMatching(/^guarded: disconnected: cannot be reached \(\w+\)$/)]);
  });

  test("metadata of another resource", async () => {
    await using server = await startMcpServer({
      intercept: () => Response.json({ resource: "https://other.example/mcp", authorization_servers: [] }),
    });
    await using box = openTestBox({ MCP_SERVERS: `guarded=${server.url}`, ...CLIENT });
    await box.until(() => box.told.length > 0, "it is told of");
    expect(box.told).toEqual(["guarded: disconnected: has metadata of another resource"]);
  });

  test("no metadata at all", async () => {
    await using server = await startMcpServer({ token: "t" });
    await using box = openTestBox({ MCP_SERVERS: `guarded=${server.url}`, ...CLIENT });
    await box.until(() => box.told.length > 0, "it is told of");
    expect(box.told).toEqual(["guarded: disconnected: names no place where tokens are got (MCP_<NAME>_TOKEN_URL)"]);
  });

  test("an authorization server that never answers", async () => {
    await using rig = await startRig();
    rig.answers["/token"] = () => new Promise<never>(() => {});
    await using box = rig.open({ MCP_CLIENT_TIMEOUT: "100ms" });
    await box.until(() => box.told.length > 0, "it is told of");
    expect(box.told).toEqual(["guarded: disconnected: did not answer within 100 ms (MCP_CLIENT_TIMEOUT)"]);
  });
});

/** The token endpoint, as the metadata say. */
async function tokenUrl(rig: Rig): Promise<URL> {
  const response = await fetch(`${new URL(rig.mcp.url).origin}/.well-known/oauth-protected-resource/mcp`);
  const { authorization_servers: servers } = (await response.json()) as { authorization_servers: string[] };
  rig.asked.length = 0;
  return new URL("/token", servers[0]);
}
