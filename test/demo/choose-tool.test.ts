import { describe, expect, test } from "bun:test";
import type { ChatTool } from "../../src/demo/chat-request.ts";
import { chooseTool } from "../../src/demo/choose-tool.ts";

const tool = (name: string, description: string, properties: object = {}): ChatTool => ({
  name,
  description,
  parameters: { type: "object", properties },
});
const TOOLS = [
  tool("echo", "Echoes back the input string"),
  tool("get-sum", "Returns the sum of two numbers", { a: { type: "number" }, b: { type: "number" } }),
  tool("get_weather", "Get the current weather in a location"),
  tool("calc", "Adds things", { a: { type: "number" } }),
];

describe("chooseTool", () => {
  test.each(["Hello, who are you?", "Tell me a story about numbers", "", "   "])("chooses none for %p", (message) => {
    expect(chooseTool(message, TOOLS)).toBeUndefined();
  });

  test.each([
    ["What is the weather in Paris?", "get_weather"],
    ["Will it rain in Paris?", "get_weather"],
    ["What is the sum of 17 and 25?", "get-sum"],
    ["Please add 17 and 25", "get-sum"],
    ["17 + 25?", "get-sum"],
    ["Echo something", "echo"],
  ])("%p asks for %p", (message, name) => {
    expect(chooseTool(message, TOOLS)?.name).toBe(name);
  });

  test("reads names in camel case and with a prefix", () => {
    expect(chooseTool("the weather in Rome", [tool("mcp_getWeather", "")])?.name).toBe("mcp_getWeather");
  });

  test("takes numbers in the message as a hint for a tool that takes numbers, where a word fits too", () => {
    expect(chooseTool("add 2 and 3", TOOLS.slice(3))?.name).toBe("calc");
    expect(chooseTool("add it", TOOLS.slice(3))).toBeUndefined();
    expect(chooseTool("2 and 3", TOOLS.slice(3))).toBeUndefined();
  });

  test("the first of equals wins", () => {
    expect(chooseTool("weather", [tool("weather", "a"), tool("get_weather", "b")])?.name).toBe("weather");
  });
});
