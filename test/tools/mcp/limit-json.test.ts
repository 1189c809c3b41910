import { describe, expect, test } from "bun:test";
import { limitJson } from "../../../src/tools/mcp/limit-json.ts";
import { startMcpServer, text } from "./mcp-server.ts";
import { openTestBox } from "./open-test-registry.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** What becomes of a response of one content type, cut into pieces of a size. */
async function pass(
  type: string,
  body: string,
  limits = { depth: 4, values: 10 },
  size = body.length,
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
  const response = await limitJson(() => Promise.resolve(answer), limits)("http://127.0.0.1/", {});
  expect(response.status).toBe(201);
  expect(response.headers.get("content-type")).toBe(type);
  return response.text().catch((error: Error) => error.message);
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
