import { describe, expect, test } from "bun:test";
import type { PendingResults } from "../../../src/tools/mcp/shorten-message.ts";
import { createSessionFetch } from "../../../src/tools/mcp/session-fetch.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";
import { startMcpServer, text } from "./mcp-server.ts";
import { openTestBox } from "./open-test-registry.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** What becomes of a response of one content type, cut into pieces of a size. */
async function pass(
  type: string,
  body: string,
  jsonLimits = { depth: 4, values: 10 },
  size = body.length,
  pending: PendingResults = new Map(),
): Promise<string> {
  const bytes = Buffer.from(body);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  const answer = new Response(stream, { status: 201, headers: { "content-type": type } });
  const memory = createTestBudget();
  const response = await createSessionFetch({ fetch: () => Promise.resolve(answer), memory, jsonLimits, pending })(
    "http://127.0.0.1/",
  );
  expect(response.status).toBe(201);
  expect(response.headers.get("content-type")).toBe(type);
  const passed = await response.text().catch((error: Error) => error.message);
  expect(memory.used()).toBe(0);
  return passed;
}

const TOO_DEEP = "answered with JSON that is nested deeper than 4 levels (SERVER_MAX_JSON_DEPTH)";
const TOO_WIDE = "answered with JSON that holds more than 10 values (SERVER_MAX_JSON_VALUES)";

describe("a message passes byte for byte, or breaks off, however it is cut", () => {
  test.each([
    ["as deep as allowed", nested(4), undefined],
    ["too deep", nested(5), TOO_DEEP],
    ["too deep within a member", `{"a":[1,{"b":${nested(3)}}]}`, TOO_DEEP],
    ["with brackets in texts", `{"a\\"[[[[[[":"[[[[[[\\\\","b":[]}`, undefined],
    ["of as many values as allowed", "[1,2,3,4,5,6,[ ],{},9]", undefined],
    ["of too many values", '[1,2,3,4,5,6,[ ],{"a":8},9]', TOO_WIDE],
  ])("%s", async (_, body, problem) => {
    for (const size of [1, 2, 3, 100]) {
      expect(await pass("application/json", body, undefined, size)).toBe(problem ?? body);
      for (const end of ["\n", "\r\n", "\r"]) {
        const event = `: "comment [[[[[[${end}event: [[[[[[${end}data: ${body}${end}${end}`;
        const events = `${event}${event}data: "[[[[["${end}${end}${event}`;
        expect(await pass("text/event-stream; charset=utf-8", events, undefined, size)).toBe(problem ?? events);
      }
    }
  });

  test("over the lines of one event", async () => {
    expect(await pass("text/event-stream", `${"data: [\n".repeat(5)}\n`)).toBe(TOO_DEEP);
    const apart = "data: [\n\n".repeat(9);
    expect(await pass("text/event-stream", apart)).toBe(apart);
    const cut = `data: [[\ndata: "]]\\"\ndata: [[[`;
    expect(await pass("text/event-stream", cut)).toBe(cut);
  });
});

describe("a long message goes past the protocol's library", () => {
  const LIMITS = { depth: 8, values: 1000 };
  const long = "é".repeat(40_000);
  const taken = async (message: object, type = "application/json"): Promise<{ passed: string; results: unknown[] }> => {
    const results: unknown[] = [];
    const pending: PendingResults = new Map([[7, (result) => results.push(result)]]);
    const json = JSON.stringify(message);
    const body = type === "application/json" ? json : `id: 3\ndata: ${json}\n\n: ping\n\n`;
    const passed = await pass(type, body, LIMITS, 10_000, pending);
    return { passed, results };
  };

  test("its result is given to who waits for it, and the library gets one without what it is about", async () => {
    const result = { resultType: "complete", content: [{ type: "text", text: long }], structuredContent: { long } };
    const short = '{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[]}}';
    expect(await taken({ jsonrpc: "2.0", id: 7, result })).toEqual({ passed: short, results: [result] });
    expect(await taken({ jsonrpc: "2.0", id: 7, result }, "text/event-stream")).toEqual({
      passed: `id: 3\ndata: ${short}\n\n: ping\n\n`,
      results: [result],
    });
    expect(await taken([{ jsonrpc: "2.0", id: 7, result }])).toEqual({ passed: `[${short}]`, results: [result] });
  });

  test("a result that nobody waits for is held by nobody", async () => {
    const { passed, results } = await taken({
      jsonrpc: "2.0",
      id: 8,
      result: { capabilities: {}, instructions: long },
    });
    expect(passed).toBe('{"jsonrpc":"2.0","id":8,"result":{"capabilities":{}}}');
    expect(results).toEqual([]);
  });

  test("an error is cut, requests keep their method, and notifications are dropped", async () => {
    const { passed } = await taken({ jsonrpc: "2.0", id: 7, error: { code: -1, message: long } });
    expect(JSON.parse(passed)).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: { code: -1, message: `${"é".repeat(16 * 1024)}\n[cut: the first 32768 of 80000 bytes]` },
    });
    expect((await taken({ jsonrpc: "2.0", id: "s", method: "roots/list", params: { long } })).passed).toBe(
      '{"jsonrpc":"2.0","id":"s","method":"roots/list"}',
    );
    expect((await taken({ jsonrpc: "2.0", method: "notifications/message", params: { long } })).passed).toBe("[]");
  });

  test("one that is no JSON breaks off", async () => {
    expect(await pass("application/json", `{"id":7,"result":"${long}`, LIMITS)).toBe(
      "did not answer as an MCP server does",
    );
  });

  test("of an answer that is an error only the beginning passes", async () => {
    const memory = createTestBudget();
    const answer = new Response("e".repeat(100_000), { status: 500 });
    const parts = { fetch: async () => answer, memory, jsonLimits: LIMITS, pending: new Map() };
    const response = await createSessionFetch(parts)("http://127.0.0.1/");
    expect(await response.text()).toBe("e".repeat(16 * 1024));
    expect(memory.used()).toBe(0);
  });
});

test("a tool that no model can use is left out, a long description is cut, and the operator is told once", async () => {
  const tool = (name: string, schema = "{}", description = ""): string =>
    `{"name":"${name}","description":"${description}","inputSchema":${schema}}`;
  const tools = [
    tool("good", '{"type":"object"}'),
    tool("deep", `{"a":${nested(100)}}`),
    tool("n".repeat(300)),
    tool("wide", `{"a":"${"w".repeat(300_000)}"}`),
    tool("long", "{}", "d".repeat(20_000)),
  ];
  let lists = 0;
  await using server = await startMcpServer({
    async intercept(request) {
      if (!(await request.clone().text()).includes('"tools/list"')) return undefined;
      lists += 1;
      const { id } = (await request.clone().json()) as { readonly id: number };
      const result = `{"jsonrpc":"2.0","id":${id},"result":{"tools":[${tools.join()}]}}`;
      return new Response(result, { headers: { "content-type": "application/json" } });
    },
  });
  const faults: unknown[] = [];
  await using box = openTestBox(
    { MCP_SERVERS: `a=${server.url}`, MCP_POLLING_INTERVAL: "20ms" },
    { onToolFaults: (name, found) => faults.push([name, found]) },
  );
  await box.until(() => lists > 2, "the list is read again");
  expect(box.names()).toEqual(["mcp_good", "mcp_long"]);
  expect(box.offer(new Set()).tools[1]?.description).toBe(
    `${"d".repeat(16_384)}\n[cut: the first 16384 of 20000 bytes]`,
  );
  expect(faults).toEqual([
    [
      "a",
      [
        '"deep" is left out: its schema is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)',
        "one is left out: its name is longer than 256 characters",
        '"wide" is left out: its schema is longer than 262144 bytes',
        '"long" is cut: its description is longer than 16384 bytes',
      ],
    ],
  ]);
  expect(box.told).toEqual(["a: connected"]);
});

test("a result that is nested too deeply is an error for the model, and the server stays", async () => {
  let depth = 100_000;
  await using server = await startMcpServer({
    tools: [
      { name: "deep", run: () => ({ content: [], structuredContent: { a: "DEEP" } }) },
      { name: "flat", run: () => text("flat") },
    ],
    async intercept(request) {
      // The test's server could not write it itself.
      if (!(await request.clone().text()).includes('"deep"')) return undefined;
      const { id } = (await request.clone().json()) as { readonly id: number };
      const result = `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"a":${nested(depth)}}}}`;
      return new Response(result, { headers: { "content-type": "application/json" } });
    },
  });
  await using box = openTestBox({ MCP_SERVERS: `a=${server.url}` });
  await box.until(() => box.available(), "the server is connected");
  const problem = "answered with JSON that is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)";
  expect(await box.run("mcp_deep")).toBe(`Error: the MCP server a ${problem}`);
  depth = 20;
  expect(await box.run("mcp_deep")).toBe(`{"a":${nested(20)}}`);
  expect(await box.run("mcp_flat")).toBe("flat");
  expect(box.told).toEqual(["a: connected"]);
});
