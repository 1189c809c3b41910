import { expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { startMcpServer, text } from "../tools/mcp/mcp-server.ts";
import { openReloadable, until } from "./reloadable.ts";

const message = (content: object) => ({ choices: [{ index: 0, finish_reason: "stop", message: content }] });

test("a session with an MCP server outlives changes of other settings, and a tool that runs outlives its server's removal", async () => {
  const gate = createGate();
  const called = Promise.withResolvers<void>();
  await using mcp = await startMcpServer({
    tools: [
      {
        name: "wait",
        async run() {
          called.resolve();
          await gate.opened;
          return text("done");
        },
      },
    ],
  });
  await using provider = await startMockProvider();
  provider.answerAlways(({ target, body }) => {
    if (target.endsWith("/models")) return json(200, { data: [] });
    if (Buffer.from(body).toString().includes('"role":"tool"')) {
      return json(200, message({ role: "assistant", content: "finished" }));
    }
    const call = { id: "c", type: "function", function: { name: "mcp_wait", arguments: "{}" } };
    return json(200, message({ role: "assistant", content: null, tool_calls: [call] }));
  });
  const base = { OPENAI_API_URL: `${provider.url}/v1`, OPENAI_API_KEY: "sk" };
  const tools = { MCP_ENABLED: "true", MCP_SERVERS: `a=${mcp.url}`, MCP_TOOL_MODE: "direct", MCP_EXPOSE: "true" };
  await using gateway = await openReloadable({ ...base, ...tools });
  const toolNames = async (): Promise<unknown> => {
    const listed = (await (await fetch(`${gateway.url}/v1/mcp/tools`)).json()) as { data?: { name: string }[] };
    return listed.data?.map(({ name }) => name);
  };
  await until(() => gateway.lines.some(({ msg }) => msg === "MCP server is connected"), "connected");

  for (let count = 0; count < 10; count += 1) {
    await gateway.apply({ ...base, OPENAI_API_KEY: `sk-${count}`, ...tools, MCP_MAX_ITERATIONS: String(count + 2) });
    expect(await toolNames()).toEqual(["mcp_wait"]);
  }
  expect(mcp.requests.filter((method) => method === "POST initialize")).toHaveLength(1);
  expect(mcp.sessions).toBe(1);
  expect(gateway.lines.filter(({ msg }) => msg === "MCP server is connected")).toHaveLength(1);

  const answer = gateway.chat("openai/m");
  await called.promise;
  const { changed } = await gateway.apply(base);
  expect(changed).toContain("MCP_ENABLED");
  expect(await toolNames()).toBeUndefined();
  expect(mcp.sessions).toBe(1);
  gate.open();
  expect(await (await answer).json()).toMatchObject(message({ role: "assistant", content: "finished" }));
  await until(() => mcp.sessions === 0, "the session is ended");
});

test("another token is another session, and the old one is ended", async () => {
  await using mcp = await startMcpServer();
  const settings = (token: string) => ({ MCP_ENABLED: "true", MCP_SERVERS: `a=${mcp.url}`, MCP_A_TOKEN: token });
  await using gateway = await openReloadable(settings("first-token"));
  const connected = () => gateway.lines.filter(({ msg }) => msg === "MCP server is connected").length;
  await until(() => connected() === 1, "connected");
  expect(await gateway.apply(settings("second-token"))).toEqual({ changed: ["MCP_A_TOKEN"], needRestart: [] });
  await until(() => connected() === 2, "connected again");
  await until(() => mcp.sessions === 1, "the old session is ended");
});
