import { afterAll, beforeAll, expect, test } from "bun:test";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { type McpTestServer, startMcpServer, text } from "./mcp-server.ts";
import { openTestBox, type TestBox } from "./open-test-registry.ts";

// In an order, and with keywords, that a schema would lose if anything read and wrote it anew.
const SCHEMA = {
  required: ["city"],
  $schema: "http://json-schema.org/draft-07/schema#",
  properties: { city: { type: "string", "x-own": [1, null] } },
  type: "object",
  additionalProperties: false,
};
const NONE: ReadonlySet<string> = new Set();
const signal = new AbortController().signal;

let server: McpTestServer;
let box: TestBox;

beforeAll(async () => {
  server = await startMcpServer({
    tools: [
      {
        name: "get_weather",
        description: "Tells the weather of a city",
        inputSchema: SCHEMA,
        run: ({ city }) => text(`${city}: sun`),
      },
      { name: "get_time", description: "Tells what time it is" },
      { name: "tools_get", description: "Has a name of the gateway's" },
    ],
  });
  box = openTestBox({ MCP_SERVERS: `all=${server.url}?key=k` });
  await box.until(() => box.available(), "connected");
});

afterAll(async () => {
  await box.close();
  await server.stop();
});

test("direct: every tool is a function, its schema as the server sent it", () => {
  const definitions = box.offer(NONE).definitions(undefined, "direct");
  expect(JSON.stringify(definitions[0])).toBe(
    JSON.stringify({
      type: "function",
      function: { name: "mcp_get_weather", description: "Tells the weather of a city", parameters: SCHEMA },
    }),
  );
  expect(definitions.map((definition) => definition.function.name)).toEqual([
    "mcp_get_weather",
    "mcp_get_time",
    "mcp_all_tools_get",
  ]);
});

test("selector, which is the default: two functions stand for all", () => {
  const names = box
    .offer(NONE)
    .definitions()
    .map((definition) => definition.function.name);
  expect(names).toEqual(["mcp_tools_get", "mcp_tools_execute"]);
});

test("names that the client uses are left to it, in either mode", async () => {
  const reserved = new Set(["mcp_get_time", "mcp_tools_get", "mcp_tools_execute", "own"]);
  const offer = box.offer(reserved);
  expect(offer.tools.map(({ name }) => name)).toEqual(["mcp_get_weather", "mcp_all_get_time", "mcp_all_tools_get"]);
  const selector = offer.definitions(undefined, "selector").map((definition) => definition.function.name);
  expect(selector).toEqual(["mcp_gateway_tools_get", "mcp_gateway_tools_execute"]);
  for (const name of reserved) expect(offer.owns(name)).toBe(false);
  expect(offer.owns("mcp_all_get_time")).toBe(true);
  expect(await offer.execute("mcp_gateway_tools_execute", { name: "mcp_all_get_time" }, signal)).toBe("{}");
  expect(await offer.execute("mcp_tools_execute", { name: "mcp_all_get_time" }, signal)).toStartWith("Error: ");
});

test("an offer owns its tools and the selector's functions, and nothing else", () => {
  const offer = box.offer(NONE);
  for (const name of ["mcp_get_time", "mcp_tools_get", "mcp_tools_execute"]) expect(offer.owns(name)).toBe(true);
  for (const name of ["get_time", "mcp_", "own", ""]) expect(offer.owns(name)).toBe(false);
});

const listed = (name: string, description: string) => ({ name, description, server: server.url });

test.each([
  ["without arguments", undefined, ["mcp_get_weather", "mcp_get_time", "mcp_all_tools_get"]],
  ["with a blank query", '{"query": " "}', ["mcp_get_weather", "mcp_get_time", "mcp_all_tools_get"]],
  ["with words, the best first", { query: "TIME, tells!" }, ["mcp_get_time", "mcp_get_weather"]],
  ["with words that nothing has", { query: "zebra" }, []],
] as const)("mcp_tools_get %s", async (_, args, names) => {
  const found = JSON.parse(await box.run("mcp_tools_get", args)) as { name: string; input_schema?: unknown }[];
  expect(found.map(({ name }) => name)).toEqual([...names]);
  for (const tool of found) expect(tool).not.toHaveProperty("input_schema");
});

test("mcp_tools_get with names gives their schemas, and the server without its query", async () => {
  const found = await box.run("mcp_tools_get", { names: ["mcp_get_weather"] });
  const tool = { ...listed("mcp_get_weather", "Tells the weather of a city"), input_schema: SCHEMA };
  expect(found).toBe(JSON.stringify([tool]));
  expect(await box.run("mcp_tools_get", { names: "mcp_get_weather" })).toBe(found);
});

test("mistakes of the model become errors that say what is wrong", async () => {
  expect(await box.run("mcp_tools_get", { names: ["nope"] })).toBe('Error: there is no tool "nope"');
  expect(await box.run("mcp_tools_get", "[]")).toBe("Error: the arguments are not a JSON object");
  expect(await box.run("mcp_tools_execute", {})).toBe("Error: name is missing");
  expect(await box.run("mcp_tools_execute", { name: "mcp_get_time", arguments: 3 })).toBe(
    "Error: the arguments are not a JSON object",
  );
  expect(await box.run("mcp_tools_execute", { name: "mcp_tools_get" })).toBe('Error: there is no tool "mcp_tools_get"');
});

test("a tool runs under its own name as well, alone or behind that of its server", async () => {
  for (const name of ["mcp_get_weather", "get_weather", "all/get_weather", "all_get_weather", "mcp_all_get_weather"]) {
    const args = { name, arguments: { city: "Rome" } };
    expect(await box.run("mcp_tools_execute", args)).toBe("Rome: sun");
    expect(await box.run("mcp_tools_get", { names: [name] })).toContain('"input_schema"');
  }
  // The name with the prefix is the gateway's own.
  expect(await box.run("mcp_tools_execute", { name: "tools_get" })).toBe("{}");
  for (const name of ["Get_weather", "weather", "mcp_", "", "other/get_weather"]) {
    expect(await box.run("mcp_tools_execute", { name })).toBe(`Error: there is no tool ${JSON.stringify(name)}`);
  }
});

test("a name that may mean several tools means the first server's, or none", async () => {
  const named = (name: string, said: string) => ({ name, run: () => text(said) });
  await using one = await startMcpServer({ tools: [named("echo", "one"), named("a.b", "dot"), named("a-b", "dash")] });
  await using two = await startMcpServer({
    tools: [named("echo", "two"), named("only", "two's"), named("a.b", "two's dot")],
  });
  await using both = openTestBox({ MCP_SERVERS: `one=${one.url},two=${two.url}`, MCP_EXCLUDE_TOOLS: "one/a-b" });
  await both.until(() => both.told.length === 2, "connected");
  const execute = (name: string) => both.run("mcp_tools_execute", { name });
  expect(await execute("echo")).toBe("one");
  expect(await execute("two/echo")).toBe("two");
  expect(await execute("two_echo")).toBe("two");
  expect(await execute("only")).toBe("two's");
  expect(await execute("a.b")).toBe('Error: "a.b" may be mcp_a_b or mcp_two_a_b');
  expect(await execute("a-b")).toBe('Error: there is no tool "a-b"');
  await one.stop();
  await both.until(() => both.names().length === 3, "the first is away");
  expect(await execute("echo")).toBe('Error: there is no tool "echo"');
  expect(await execute("two/echo")).toBe("two");
});

test("if there is no tool, nothing is offered", async () => {
  await using empty = openTestBox({});
  expect(empty.available()).toBe(false);
  const offer = empty.offer(NONE);
  expect([offer.tools, offer.definitions(undefined, "direct"), offer.definitions(undefined, "selector")]).toEqual([
    [],
    [],
    [],
  ]);
  expect(offer.owns("mcp_tools_get")).toBe(false);
});

test("a server of the newer protocol, without sessions, is spoken to as well, and its changes are followed", async () => {
  let names = ["add"];
  const handler = createMcpHandler(
    () => {
      const modern = new McpServer(
        { name: "modern", version: "1" },
        { capabilities: { tools: { listChanged: true } } },
      );
      for (const name of names) {
        modern.registerTool(name, { description: "Adds" }, () => ({ content: [{ type: "text", text: "3" }] }));
      }
      return modern;
    },
    { legacy: "reject" },
  );
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    idleTimeout: 0,
    fetch: (request) => handler.fetch(request),
  });
  try {
    await using modern = openTestBox({ MCP_SERVERS: `modern=http://127.0.0.1:${listener.port}/mcp` });
    await modern.until(() => modern.available(), "connected");
    expect(await modern.run("mcp_add", { a: 1 })).toBe("3");
    names = ["add", "subtract"];
    handler.notify.toolsChanged();
    await modern.until(() => modern.names().length === 2, "the change is followed");
  } finally {
    await handler.close();
    await listener.stop(true);
  }
});

test("a query of very many words costs no more than one of a few: the first ones count", async () => {
  const others = Array.from({ length: 32 }, (_, index) => `other${index}`).join(" ");
  const found = async (query: string): Promise<number> =>
    (JSON.parse(await box.run("mcp_tools_get", { query })) as unknown[]).length;
  expect(await found(`weather ${others}`)).toBe(1);
  expect(await found(`${"weather ".repeat(100_000)}`)).toBe(1);
  expect(await found(`${others} weather`)).toBe(0);
});
