import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { type EverythingServer, startEverything } from "../mcp/start-everything.ts";
import { codeBlocks, PROJECT, README } from "./readme-file.ts";
import { expectShown, hasCurl, runCurl } from "./run-shown.ts";

const blocks = codeBlocks(readFileSync(README, "utf8")).filter(({ section }) => section === "MCP tools");
const [server = "", start = ""] = blocks.filter(({ language }) => language === "text").map(({ code }) => code.trim());
const curls = blocks.flatMap(({ language, code }, index) =>
  language === "sh"
    ? [[code.includes('"stream"') ? "streamed" : "whole", code, blocks[index + 1]?.code ?? ""] as const]
    : [],
);

/** The demo's ids are made of what it is asked, in which the server's port stands. */
const withoutIds = (text: string): string => text.replace(/_demo_[0-9a-f]{24}|-demo-[0-9a-f]{24}/g, "ID");

describe("the walk-through of MCP tools", () => {
  let everything: EverythingServer;
  let gateway: RunningGateway;

  beforeAll(async () => {
    everything = await startEverything();
    const words = start.split(" ");
    const settings = words.flatMap((word) =>
      [/^([A-Z_]+)=(.*)$/.exec(word)?.slice(1) ?? []].filter(({ length }) => length),
    );
    const environment = Object.fromEntries(settings) as Record<string, string>;
    for (const [name, value] of Object.entries(environment)) {
      environment[name] = value.replace("http://localhost:3001/mcp", everything.url);
    }
    gateway = await startGateway(
      { ...environment, MCP_RECONNECT_INTERVAL: "50ms" },
      words.slice(words.indexOf("--") + 1),
    );
    await gateway.logged((line) => line["msg"] === "MCP server is connected", 15_000);
  }, 20_000);

  afterAll(async () => {
    await gateway.stop();
    await everything[Symbol.asyncDispose]();
  });

  test("starts a server that is among the development dependencies, and the gateway with its tools", () => {
    const manifest = JSON.parse(readFileSync(`${PROJECT}/package.json`, "utf8")) as { devDependencies: object };
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
