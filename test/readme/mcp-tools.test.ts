import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { type EverythingServer, startEverything } from "../tools/mcp/start-everything.ts";
import { codeBlocks, GUIDE, readPage } from "./markdown.ts";
import { expectShown, hasCurl, runCurl, startLine } from "./run-shown.ts";

const blocks = codeBlocks(readPage(`${GUIDE}/tools.md`)).filter(({ section }) => section === "Try it");
const [server = "", start = ""] = blocks.filter(({ language }) => language === "text").map(({ code }) => code.trim());
const curls = blocks.flatMap(({ language, code }, index) =>
  language === "sh"
    ? [[code.includes('"stream"') ? "streamed" : "whole", code, blocks[index + 1]?.code ?? ""] as const]
    : [],
);

/** The demo's ids are made of what it is asked, which contains the server's port. */
const withoutIds = (text: string): string => text.replace(/_demo_[0-9a-f]{24}|-demo-[0-9a-f]{24}/g, "ID");

describe("the example with MCP tools", () => {
  let everything: EverythingServer;
  let gateway: RunningGateway;

  beforeAll(async () => {
    everything = await startEverything();
    const { environment, args } = startLine(start) ?? { environment: {}, args: [] };
    const servers = (environment["MCP_SERVERS"] ?? "").replace("http://localhost:3001/mcp", everything.url);
    gateway = await startGateway({ ...environment, MCP_SERVERS: servers, MCP_RECONNECT_INTERVAL: "50ms" }, args);
    await gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
  });

  afterAll(async () => {
    await gateway.stop();
    await everything[Symbol.asyncDispose]();
  });

  test("starts a server that is among the development dependencies, and the gateway with its tools", () => {
    const manifest = JSON.parse(readPage("package.json")) as { devDependencies: object };
    expect(Object.keys(manifest.devDependencies)).toContain(server.split(" ")[1] ?? "");
    expect(start).toMatch(/^MCP_ENABLED=true MCP_SERVERS=\S+ npm start -- --demo$/);
    expect(curls).toHaveLength(2);
  });

  test.skipIf(!hasCurl).each(curls)("happens, %s", async (_, code, shown) => {
    const output = await runCurl(code.replaceAll("http://localhost:8080", gateway.url));
    expect(output).toContain("get-sum");
    expectShown(withoutIds(output), withoutIds(shown));
  });

  test.skipIf(!hasCurl)("comes to the sum", async () => {
    expect(curls[0]?.[2]).toContain("The sum of 2 and 3 is 5.");
    const line = await gateway.logged((line) => line["tool_calls"] !== undefined);
    expect(line).toMatchObject({ tool_rounds: 3, tool_calls: 3, provider: "demo", outcome: "answered" });
  });
});
