import { expect, test } from "bun:test";
import { freePort } from "../../fixtures/free-port.ts";
import { createGate } from "../../fixtures/gate.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { within } from "../../fixtures/within.ts";
import { startMcpServer, text, type TestTool } from "./mcp-server.ts";
import { openTestBox } from "./open-test-registry.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";

const tools = (...names: string[]): TestTool[] => names.map((name) => ({ name }));

test("a server that is down at first joins by itself, and is told of once", async () => {
  const port = await freePort();
  await using box = openTestBox({ MCP_SERVERS: `late=http://127.0.0.1:${port}/mcp` });
  await box.until(() => box.told.length > 0, "the failure is told");
  expect(box.available()).toBe(false);
  expect(await box.run("mcp_echo")).toBe('Error: there is no tool "mcp_echo"');
  await using server = await startMcpServer({ port });
  await box.until(() => box.available(), "the server joins");
  expect(box.told).toEqual([
    expect.stringMatching(/^late: disconnected: cannot be reached \(\w+\)$/),
    "late: connected",
  ]);
  expect(box.servers()).toEqual([{ name: "late", status: "connected", tools: 1 }]);
  expect(server.sessions).toBe(1);
});

test("the tools of a server that dies vanish, and come back with it", async () => {
  const first = await startMcpServer({ port: await freePort() });
  await using box = openTestBox({ MCP_SERVERS: `a=${first.url}` });
  await box.until(() => box.available(), "the server is connected");
  const offer = box.offer(new Set());
  await first.stop();
  await box.until(() => !box.available(), "its tools vanish, without polling");
  expect(await offer.execute("mcp_echo", {}, new AbortController().signal)).toBe(
    "Error: the MCP server a is not connected",
  );
  await using _second = await startMcpServer({ port: first.port });
  await box.until(() => box.available(), "it comes back");
  expect(box.told).toEqual(["a: connected", expect.stringContaining("a: disconnected: "), "a: connected"]);
  expect(await offer.execute("mcp_echo", { x: 1 }, new AbortController().signal)).toBe('{"x":1}');
});

test("a call whose session has expired is made again in a new one, and the tools stay", async () => {
  await using server = await startMcpServer();
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  server.forget();
  const both = await Promise.all([box.run("mcp_echo", { n: 1 }), box.run("mcp_echo", { n: 2 })]);
  expect(both).toEqual(['{"n":1}', '{"n":2}']);
  expect(server.sessions).toBe(1);
  expect(box.told).toEqual(["127_0_0_1: connected"]);
});

test("a server that answers every call with 404 costs two calls, and no more", async () => {
  let calls = 0;
  await using server = await startMcpServer({
    intercept: async (request) => {
      if (!(request.method === "POST" && (await request.clone().text()).includes("tools/call")))
        return undefined as never;
      calls += 1;
      return new Response("gone", { status: 404 });
    },
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo")).toMatch(/^Error: the MCP server 127_0_0_1 does not know the session/);
  expect(calls).toBe(2);
});

/** Answers calls of tools before the server sees them, with what the function says of each; undefined lets one through. */
const onCall =
  (answer: (id: unknown, count: number) => Response | undefined) =>
  (): ((request: Request) => Promise<Response | undefined>) => {
    let count = 0;
    return async (request) => {
      const body = (request.method === "POST" ? await request.clone().json() : {}) as Record<string, unknown>;
      return body["method"] === "tools/call" ? answer(body["id"], (count += 1)) : undefined;
    };
  };

const refusal = (id: unknown, code: number, message: string, status = 200): Response =>
  Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status });

const calls = (requests: readonly string[]): number =>
  requests.filter((request) => request === "POST tools/call").length;
const opened = (requests: readonly string[]): number =>
  requests.filter((request) => request === "POST initialize").length;

test.each([
  ["503", () => new Response("starting", { status: 503 })],
  ["-32602", (id: unknown) => refusal(id, -32602, "Invalid request parameters")],
  ["-32602 with status 400", () => refusal("server-error", -32602, "Invalid params", 400)],
  ["-32600 for a session that was not begun", (id: unknown) => refusal(id, -32600, "Server not initialized")],
  ["status 400 for the same", () => refusal(null, -32000, "Bad Request: Server not initialized", 400)],
] as const)("a first call that is answered %s is made again in a new session, once", async (_, answer) => {
  await using server = await startMcpServer({
    intercept: onCall((id, count) => (count === 1 ? answer(id) : undefined))(),
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo", { n: 1 })).toBe('{"n":1}');
  expect([calls(server.requests), opened(server.requests)]).toEqual([2, 2]);
  expect(await box.run("mcp_echo", { n: 2 })).toBe('{"n":2}');
  expect([calls(server.requests), opened(server.requests)]).toEqual([3, 2]);
  expect(box.told).toEqual(["127_0_0_1: connected"]);
});

test.each([404, 503])("a session over SSE whose messages are answered %d is made anew", async (status) => {
  let isRestarted = false;
  await using server = await startMcpServer({
    transport: "sse",
    intercept(request) {
      if (request.method === "GET") isRestarted = false;
      return isRestarted ? new Response("Could not find session", { status }) : undefined;
    },
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  isRestarted = true;
  expect(await box.run("mcp_echo", { n: 1 })).toBe('{"n":1}');
  expect(box.told).toEqual(["127_0_0_1: connected"]);
});

test("a server that is not ready again yet is away, and back soon", async () => {
  let isStarting = false;
  await using server = await startMcpServer({
    intercept: () => (isStarting ? new Response("starting", { status: 503 }) : undefined),
  });
  await using box = openTestBox({ MCP_SERVERS: `s=${server.url}` });
  await box.until(() => box.available(), "connected");
  isStarting = true;
  expect(await box.run("mcp_echo")).toBe("Error: the MCP server s is not connected");
  await box.until(() => box.told.length === 2, "it is told of");
  expect(box.told[1]).toBe("s: disconnected: answered with status 503");
  isStarting = false;
  await box.until(() => box.available(), "it is back");
});

test("credentials go to no other server than theirs", async () => {
  const seen: (string | null)[] = [];
  const other = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch(request) {
      seen.push(request.headers.get("authorization"), request.headers.get("x-api-key"));
      return new Response("", { status: 404 });
    },
  });
  await using server = await startMcpServer({
    intercept: () => Response.redirect(`http://127.0.0.1:${other.port}/mcp`, 307),
  });
  await using box = openTestBox({
    MCP_SERVERS: `s=${server.url}`,
    MCP_S_TOKEN: "very-secret",
    MCP_S_HEADERS: "X-Api-Key: very-secret",
  });
  await box.until(() => box.told.length > 0, "it is told of");
  await other.stop(true);
  expect(seen.filter((value) => value !== null)).toEqual([]);
});

test("a server whose answer it always is costs one new session, and the model hears its words", async () => {
  await using server = await startMcpServer({
    intercept: onCall((id) => refusal(id, -32602, "city is missing"))(),
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  for (let count = 0; count < 4; count += 1) expect(await box.run("mcp_echo")).toBe("Error: city is missing");
  expect([calls(server.requests), opened(server.requests)]).toEqual([5, 2]);
});

test("a server that means it, and then is started again, is noticed", async () => {
  let isRestarted = false;
  await using server = await startMcpServer({
    async intercept(request) {
      const body = (request.method === "POST" ? await request.clone().json() : {}) as Record<string, unknown>;
      if (body["method"] === "initialize") isRestarted = false;
      if (isRestarted && "id" in body) return refusal(body["id"], -32602, "Invalid request parameters");
      const args = (body["params"] as { arguments?: { bad?: boolean } } | undefined)?.arguments;
      return args?.bad ? refusal(body["id"], -32602, "bad") : undefined;
    },
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo", { bad: true })).toBe("Error: bad");
  isRestarted = true;
  expect(await box.run("mcp_echo", { n: 1 })).toBe('{"n":1}');
});

test("other refusals are not made again", async () => {
  await using server = await startMcpServer({
    intercept: onCall((id, count) => refusal(id, [-32000, -32603, -32601][count % 3] ?? 0, "no browser session"))(),
  });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  for (let count = 0; count < 3; count += 1) expect(await box.run("mcp_echo")).toBe("Error: no browser session");
  expect([calls(server.requests), opened(server.requests)]).toEqual([3, 1]);
});

test.each([
  ["an item without a type", { content: [{ text: "hi" }] }, "hi"],
  [
    "a text that is null",
    {
      content: [
        { type: "text", text: null },
        { type: "text", text: "hi" },
      ],
    },
    "hi",
  ],
  ["content that is a text", { content: "text" }, "text"],
  ["no content", { content: null, structuredContent: [1] }, "[1]"],
  [
    "a type of its own",
    { content: [{ type: "text", text: "a", _meta: 1 }, { type: 5 }], isError: "no", _meta: "x" },
    'a\n{"type":5}',
  ],
  ["nothing but a text in it", "text", "text"],
  ["a list for a result", [{ text: "hi" }, 5], "hi\n5"],
  ["null for a result", null, "The tool returned nothing."],
  ["an image of which only the type is right", { content: [{ type: "image", data: 1 }] }, "[image]"],
])("the model gets what is in a result with %s", async (_, result, expected) => {
  for (const form of ["json", "batch", "event"]) {
    await using server = await startMcpServer({
      intercept: onCall((id) => {
        const message = { jsonrpc: "2.0", id, result };
        if (form !== "event") return Response.json(form === "batch" ? [message] : message);
        const headers = { "content-type": "text/event-stream" };
        return new Response(`event: message\ndata: ${JSON.stringify(message)}\n\n`, { headers });
      })(),
    });
    await using box = openTestBox({ MCP_SERVERS: server.url });
    await box.until(() => box.available(), "connected");
    expect(await box.run("mcp_echo")).toBe(expected);
  }
});

test.each([
  ["a text for an error", { error: "no such city" }, "Error: no such city"],
  ["a text for a code", { error: { code: "-5", message: "no such city" } }, "Error: no such city"],
  ["no message", { error: { code: -5, detail: "no such city" } }, 'Error: {"code":-5,"detail":"no such city"}'],
  [
    "null for a result beside it",
    { result: null, error: { code: -5, message: "no such city" } },
    "Error: no such city",
  ],
  [
    "an object for a code",
    { error: { code: { valueOf: 1, toString: 1 }, message: "no such city" } },
    "Error: no such city",
  ],
  ["null for an error beside a result", { result: text("hi"), error: null }, "hi"],
  ["its id as text", { result: text("hi"), id: "ID" }, "hi"],
  ["no version", { result: text("hi"), jsonrpc: undefined }, "hi"],
])("the model gets what is in a response with %s", async (_, members, expected) => {
  await using server = await startMcpServer({
    intercept: onCall((id) => {
      const message = JSON.stringify({ jsonrpc: "2.0", id, ...members }).replace('"ID"', `"${String(id)}"`);
      return new Response(message, { headers: { "content-type": "application/json" } });
    })(),
  });
  await using box = openTestBox({ MCP_SERVERS: server.url, MCP_REQUEST_TIMEOUT: "3s" });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo")).toBe(expected);
});

test("headers of a server go to it with every request, beside its token, and are told to nobody", async () => {
  const seen = new Set<string>();
  const hears = (request: Request): undefined => {
    seen.add(
      `${request.headers.get("x-api-key")} ${request.headers.get("x-team")} ${request.headers.get("authorization")}`,
    );
  };
  const echoes: TestTool = {
    name: "leak",
    run: () => text(`key header-secret, team a`),
  };
  await using server = await startMcpServer({ tools: [echoes], intercept: hears });
  await using box = openTestBox({
    MCP_SERVERS: `own=${server.url}`,
    MCP_OWN_HEADERS: "X-Api-Key: header-secret, X-Team: a",
    MCP_OWN_TOKEN: "very-secret",
  });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_leak")).toBe("key ***, team a");
  await box.close();
  expect([...seen]).toEqual(["header-secret a Bearer very-secret"]);
});

test("what shows the server who asks is told to nobody, wherever it is sent", async () => {
  const run = () => text("query-secret session-secret digest-secret Basic basic-secret engineering");
  await using server = await startMcpServer({ tools: [{ name: "leak", run }] });
  await using box = openTestBox({
    MCP_SERVERS: `own=${server.url}?api_key=query-secret`,
    MCP_OWN_HEADERS: JSON.stringify({
      Cookie: "a=1; session=session-secret",
      Authorization: 'Digest username="u", response="digest-secret"',
      "X-Key": "Basic basic-secret",
      "X-Team": "team of engineering",
    }),
  });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_leak")).toBe("*** *** *** Basic *** engineering");
});

test("all pages of tools are listed, in order", async () => {
  const names = Array.from({ length: 25 }, (_, index) => `tool-${index}`);
  await using server = await startMcpServer({ tools: tools(...names), pageSize: 10 });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(box.names()).toEqual(names.map((name) => `mcp_${name}`));
  expect(server.requests.filter((request) => request === "POST tools/list")).toHaveLength(3);
});

test("a list without an end is not followed for ever", async () => {
  const endless = tools(...Array.from({ length: 200 }, (_, index) => `t${index}`));
  await using server = await startMcpServer({ tools: endless, pageSize: 1 });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(box.names()).toHaveLength(64);
});

test.each([
  ["tools", 4100, "", "lists more than 4096 tools"],
  ["bytes", 1100, "x".repeat(16 * 1024), "lists more than 16777216 bytes of tools"],
])("a list of too many %s over all its pages is refused by name", async (_, count, description, problem) => {
  const listed = Array.from({ length: count }, (_, index) => ({ name: `t${index}`, description }));
  await using server = await startMcpServer({ tools: listed, pageSize: 100 });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.told.length > 0, "it is told");
  expect(box.told[0]).toBe(`127_0_0_1: disconnected: ${problem}`);
});

test("a result that there is no memory for is a failure of its tool, and holds nothing after", async () => {
  const memory = createTestBudget(4 * 1024 * 1024);
  const long = { name: "long", run: () => ({ content: [{ type: "text", text: "x".repeat(2 * 1024 * 1024) }] }) };
  await using server = await startMcpServer({ tools: [long, { name: "echo" }] });
  await using box = openTestBox({ MCP_SERVERS: server.url }, { memory });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_long")).toStartWith("Error: the MCP server 127_0_0_1 ");
  expect(memory.used()).toBe(0);
  expect(await box.run("mcp_echo")).toBe("{}");
});

test("list_changed is followed without polling", async () => {
  await using server = await startMcpServer({ tools: tools("old") });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  await box.until(() => server.requests.includes("GET"), "the stream of notifications is open");
  server.tools = tools("new");
  await server.announce();
  await box.until(() => box.names().join() === "mcp_new", "the new tool is there");
  expect(box.told).toEqual(["127_0_0_1: connected"]);
});

test("tools are polled as set", async () => {
  await using server = await startMcpServer({ tools: tools("old") });
  await using box = openTestBox({ MCP_SERVERS: server.url, MCP_POLLING_INTERVAL: "300ms" });
  await box.until(() => box.available(), "connected");
  server.tools = [];
  await box.until(() => !box.available(), "the tool is gone");
});

test("a server that speaks only SSE is connected, dies and comes back", async () => {
  const first = await startMcpServer({ transport: "sse", port: await freePort() });
  await using box = openTestBox({ MCP_SERVERS: `s=${first.url}` });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo", { a: 1 })).toBe('{"a":1}');
  first.tools = tools("other");
  await first.announce();
  await box.until(() => box.names().join() === "mcp_other", "list_changed is followed");
  await first.stop();
  await box.until(() => !box.available(), "its tools vanish");
  await using second = await startMcpServer({ transport: "sse", port: first.port });
  await box.until(() => box.available(), "it comes back");
  expect(second.requests).toContain("GET");
});

test("the bearer token of a server goes to that server alone, and is told to nobody", async () => {
  await using guarded = await startMcpServer({ token: "very-secret" });
  const seen: (string | null)[] = [];
  await using open = await startMcpServer({
    intercept: (request) => void seen.push(request.headers.get("authorization")) as unknown as undefined,
  });
  await using box = openTestBox({
    MCP_SERVERS: `guarded=${guarded.url}?key=very-secret,refused=${guarded.url},open=${open.url}`,
    MCP_GUARDED_TOKEN: "very-secret",
  });
  await box.until(() => box.told.length === 3, "all three are told of");
  expect(box.told.toSorted()).toEqual([
    "guarded: connected",
    "open: connected",
    "refused: disconnected: does not accept the gateway's token (status 401)",
  ]);
  expect(new Set(seen)).toEqual(new Set([null]));
  expect(JSON.stringify([box.told, box.servers(), box.offer(new Set()).tools])).not.toContain("very-secret");
});

test("a tool that takes too long ends with an error, and the server is told", async () => {
  const cancelled = createGate();
  const run: TestTool["run"] = (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        cancelled.open();
        resolve(text("too late"));
      });
    });
  await using server = await startMcpServer({ tools: [{ name: "slow", run }] });
  await using box = openTestBox({ MCP_SERVERS: `s=${server.url}`, MCP_REQUEST_TIMEOUT: "100ms" });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_slow")).toBe("Error: the MCP server s did not answer within 100 ms (MCP_REQUEST_TIMEOUT)");
  await cancelled.opened;
  expect(box.available()).toBe(true);
});

test("a call that is aborted rejects with the signal's reason, and stops the tool", async () => {
  const [begun, cancelled] = [createGate(), createGate()];
  const run: TestTool["run"] = (_, signal) => {
    begun.open();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        cancelled.open();
        resolve(text("too late"));
      });
    });
  };
  await using server = await startMcpServer({ tools: [{ name: "slow", run }] });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  const leaving = new AbortController();
  const reason = new Error("the client left");
  const result = box.run("mcp_slow", {}, leaving.signal);
  await begun.opened;
  leaving.abort(reason);
  expect(await rejectionOf(result)).toBe(reason);
  await cancelled.opened;
  expect(await rejectionOf(box.run("mcp_slow", {}, leaving.signal))).toBe(reason);
});

test("a slow tool does not hold up another", async () => {
  const gate = createGate();
  const slow: TestTool = { name: "slow", run: async () => (await gate.opened, text("slow")) };
  await using server = await startMcpServer({ tools: [slow, { name: "fast" }] });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  const pending = box.run("mcp_slow");
  expect(await box.run("mcp_fast")).toBe("{}");
  gate.open();
  expect(await pending).toBe("slow");
});

test("failures of a tool and of the protocol become texts", async () => {
  const failing: TestTool[] = [
    { name: "fails", run: () => ({ ...text("no such city"), isError: true }) },
    { name: "throws", run: () => Promise.reject(new Error("broken inside")) },
    { name: "malformed", run: () => ({ content: [{ type: "image", data: 1 }] }) },
  ];
  await using server = await startMcpServer({ tools: failing });
  await using box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_fails")).toBe("Error: no such city");
  expect(await box.run("mcp_throws")).toBe("Error: broken inside");
  expect(await box.run("mcp_malformed")).toMatch(/^Error: /);
  expect(await box.run("mcp_fails", "{not json")).toBe("Error: the arguments are not a JSON object");
  expect(await box.run("mcp_fails", "[1]")).toBe("Error: the arguments are not a JSON object");
  expect(await box.run("mcp_nothing")).toBe('Error: there is no tool "mcp_nothing"');
});

test("a huge result is cut", async () => {
  await using server = await startMcpServer({ tools: [{ name: "huge", run: () => text("ä".repeat(3_000_000)) }] });
  await using box = openTestBox({ MCP_SERVERS: server.url, MCP_MAX_RESULT_BYTES: "1001" });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_huge")).toBe(`${"ä".repeat(500)}\n[cut: the first 1000 of 6000000 bytes]`);
});

test("an answer that would fill the memory ends the call", async () => {
  const flood = new Uint8Array(8 * 1024 * 1024).fill(0x20);
  await using server = await startMcpServer({
    intercept: async (request) => {
      if (!(request.method === "POST" && (await request.clone().text()).includes("tools/call")))
        return undefined as never;
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(flood) });
      return new Response(body, { headers: { "content-type": "application/json" } });
    },
  });
  await using box = openTestBox({ MCP_SERVERS: `s=${server.url}` });
  await box.until(() => box.available(), "connected");
  expect(await box.run("mcp_echo")).toMatch(/^Error: the MCP server s answered with more than \d+ bytes$/);
});

test.each([
  ["garbage", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ["garbage as JSON", () => new Response("{]", { headers: { "content-type": "application/json" } })],
  ["another protocol", () => Response.json({ jsonrpc: "1.0", result: [] })],
  ["an error", () => new Response("very-secret", { status: 500 })],
  ["an event stream that ends", () => new Response(": hi\n\n", { headers: { "content-type": "text/event-stream" } })],
  ["a redirect to elsewhere", () => Response.redirect("http://127.0.0.2:9/very-secret")],
] as const)("a server that answers with %s is away, and costs the others nothing", async (_, answer) => {
  await using bad = await startMcpServer({ intercept: answer });
  await using good = await startMcpServer();
  await using box = openTestBox({ MCP_SERVERS: `bad=${bad.url},good=${good.url}`, MCP_CLIENT_TIMEOUT: "3s" });
  await box.until(() => box.told.length === 2, "both are told of");
  expect(box.told).toContain("good: connected");
  expect(box.told.join()).toContain("bad: disconnected: ");
  expect(box.told.join()).not.toContain("very-secret");
  expect(box.names()).toEqual(["mcp_echo"]);
});

test("a server that never answers is away after the deadline, and closing does not wait for it", async () => {
  await using server = await startMcpServer({ intercept: () => new Promise<never>(() => {}) });
  const box = openTestBox({ MCP_SERVERS: `s=${server.url}`, MCP_CLIENT_TIMEOUT: "50ms" });
  await box.until(() => box.told.length > 0, "it is told of");
  expect(box.told).toEqual(["s: disconnected: did not answer within 50 ms (MCP_CLIENT_TIMEOUT)"]);
  await within(box.close(), 500, "the end of the tools");
});

test("closing ends the sessions at their servers", async () => {
  await using server = await startMcpServer();
  const box = openTestBox({ MCP_SERVERS: server.url });
  await box.until(() => server.sessions === 1 && box.available(), "connected");
  await box.close();
  expect(server.sessions).toBe(0);
  expect(server.requests.at(-1)).toBe("DELETE");
  expect(box.available()).toBe(false);
});

test("the second server with the same tool gives it the name with its own, whoever connects first", async () => {
  const gate = createGate();
  const named = (name: string): TestTool => ({ name: "echo", run: () => text(name) });
  await using one = await startMcpServer({ tools: [named("one")], intercept: () => gate.opened as Promise<never> });
  await using two = await startMcpServer({ tools: [named("two")] });
  await using box = openTestBox({ MCP_SERVERS: `one=${one.url},two=${two.url}` });
  await box.until(() => box.available(), "the second is connected");
  gate.open();
  await box.until(() => box.names().length === 2, "the first is connected too");
  expect(await box.run("mcp_echo")).toBe("one");
  expect(await box.run("mcp_two_echo")).toBe("two");
  await one.stop();
  await box.until(() => box.names().length === 1, "the first is away");
  expect(box.names()).toEqual(["mcp_two_echo"]);
});
