import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestBox, type TestBox } from "./open-test-registry.ts";
import { type EverythingServer, startEverything } from "./start-everything.ts";
import { outcomeOf } from "../../fixtures/rejection.ts";

describe.each(["streamableHttp", "sse"] as const)("server-everything over %s", (transport) => {
  let server: EverythingServer;
  let box: TestBox;

  beforeAll(async () => {
    server = await startEverything(transport);
    // It takes a while to listen, so it is down at first.
    box = openTestBox({
      MCP_SERVERS: `everything=${server.url}`,
      MCP_EXCLUDE_TOOLS: "get-env",
      MCP_RECONNECT_INTERVAL: "50ms",
      MCP_MAX_RESULT_BYTES: "100KiB",
    });
    await box.until(() => box.available(), "it is connected", 15_000);
  });

  afterAll(async () => {
    await box.close();
    await server[Symbol.asyncDispose]();
  });

  test("its tools are listed, without the one that is excluded", () => {
    expect(box.names()).toContain("mcp_get-sum");
    expect(box.names()).not.toContain("mcp_get-env");
    const echo = box.offer(new Set()).tools.find(({ name }) => name === "mcp_echo");
    expect(echo).toMatchObject({ description: "Echoes back the input string", inputSchema: { required: ["message"] } });
  });

  test("an excluded tool does not run", async () => {
    expect(await box.run("mcp_get-env")).toBe('Error: there is no tool "mcp_get-env"');
    expect(await box.run("mcp_tools_execute", { name: "mcp_get-env" })).toBe('Error: there is no tool "mcp_get-env"');
  });

  test("its tools run, by name and through the selector", async () => {
    expect(await box.run("mcp_get-sum", { a: 2, b: 3 })).toBe("The sum of 2 and 3 is 5.");
    for (const name of ["mcp_get-sum", "get-sum", "everything/get-sum"]) {
      const args = { name, arguments: '{"a": 4, "b": 5}' };
      expect(await box.run("mcp_tools_execute", JSON.stringify(args))).toBe("The sum of 4 and 5 is 9.");
    }
  });

  test("wrong arguments become an error that says what is wrong", async () => {
    expect(await box.run("mcp_get-sum", { a: "x" })).toMatch(/^Error: .*expected number/s);
  });

  test("structured content, images and resources become text", async () => {
    const weather = await box.run("mcp_get-structured-content", { location: "New York" });
    expect(JSON.parse(weather)).toMatchObject({ temperature: expect.any(Number) });
    expect(await box.run("mcp_get-tiny-image")).toMatch(/^Here's the image[^\n]*\n\[image, image\/png, \d+ bytes\]\n/);
    expect(await box.run("mcp_get-resource-links", { count: 1 })).toMatch(/\n\[link, [^\n]*demo:\/\/[^\n]*\]/);
    const resource = { resourceType: "Text", resourceId: 1 };
    expect(await box.run("mcp_get-resource-reference", resource)).toMatch(
      /\[resource, demo:[^\]]*text\/plain\]\n[^\n]*1/,
    );
  });

  test("a call that nobody waits for any more leaves the others alone", async () => {
    const leaving = new AbortController();
    const long = box.run("mcp_trigger-long-running-operation", { duration: 30, steps: 60 }, leaving.signal);
    expect(await box.run("mcp_echo", { message: "meanwhile" })).toBe("Echo: meanwhile");
    leaving.abort(new Error("left"));
    expect(await outcomeOf(long)).toThrow("left");
    expect(await box.run("mcp_echo", { message: "after" })).toBe("Echo: after");
  });
});
