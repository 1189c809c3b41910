import { describe, expect, test } from "bun:test";
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { startForTests, WEATHER_TOOL } from "./demo-client.ts";

const provider = startForTests();
const client = new OpenAI({ baseURL: provider.url, apiKey: "unused", maxRetries: 0 });
const model = "demo-chat";
type Message = OpenAI.Chat.ChatCompletionMessageParam;

const tool = (
  name: string,
  description: string,
  parameters: Record<string, unknown>,
): OpenAI.Chat.ChatCompletionTool => ({
  type: "function",
  function: { name, description, parameters },
});

describe("the official client", () => {
  test("sees errors as its own classes", async () => {
    const refused = (model: string, messages: Message[]): Promise<unknown> =>
      client.chat.completions.create({ model, messages }).catch((error: unknown) => error);
    expect(await refused("gpt-4", [{ role: "user", content: "hi" }])).toBeInstanceOf(NotFoundError);
    expect(await refused(model, [])).toBeInstanceOf(BadRequestError);
  });

  test("lists models, embeds and chats", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["demo-chat", "demo-embedding"]);
    const { data } = await client.embeddings.create({ model: "demo-embedding", input: ["a", "b"], dimensions: 16 });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
    const { choices } = await client.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }] });
    expect(choices[0]?.message.content).toContain("demo provider");
  });

  test("its streaming helper sees one well-formed completion with usage", async () => {
    const stream = client.chat.completions.stream({
      model,
      messages: [{ role: "user", content: "hi" }],
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.content).toContain("“hi”");
    expect(completion.usage?.prompt_tokens).toBe(1);
  });

  test("its tool runner calls the tool and gets the answer", async () => {
    const asked: string[] = [];
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: [{ role: "user", content: "What is the weather in Paris?" }],
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "Get the current weather in a location",
            parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
            parse: JSON.parse,
            function: ({ location }: { location: string }) => {
              asked.push(location);
              return "21 °C";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("The tool get_weather answered: 21 °C");
    expect(asked).toEqual(["Paris"]);
  });
});

describe("a conversation with the gateway's selector tools", () => {
  const tools = [
    tool("mcp_tools_get", "Find tools", { type: "object", properties: { query: { type: "string" } } }),
    tool("mcp_tools_execute", "Run a tool", { type: "object", properties: { name: { type: "string" } } }),
  ];
  const sum = {
    name: "mcp_get-sum",
    description: "Returns the sum of two numbers",
    server: "http://127.0.0.1:3001/mcp",
    input_schema: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
    },
  };
  const { input_schema: _, ...listedSum } = sum;
  const listedEcho = { name: "mcp_echo", description: "Echoes back the input string", server: sum.server };

  /** Talks until the model answers with text; gives its calls, as `name arguments`, and the text. */
  async function converse(question: string, run: (name: string, given: Record<string, unknown>) => unknown) {
    const messages: Message[] = [{ role: "user", content: question }];
    const calls: string[] = [];
    for (;;) {
      const { choices } = await client.chat.completions.create({ model, messages, tools });
      const message = choices[0]?.message;
      const call = message?.tool_calls?.[0];
      if (message === undefined || call?.type !== "function") return { calls, text: message?.content };
      const { name, arguments: given } = call.function;
      calls.push(`${name} ${given}`);
      const result = run(name, JSON.parse(given));
      const content = typeof result === "string" ? result : JSON.stringify(result);
      messages.push(message, { role: "tool", tool_call_id: call.id, content });
      expect(calls.length).toBeLessThan(8);
    }
  }

  test("a failed search is told", async () => {
    const { calls, text } = await converse("What is the sum of 1 and 2?", () => "Error: no server is connected");
    expect(calls).toHaveLength(1);
    expect(text).toBe("The tool mcp_tools_get failed. Error: no server is connected");
  });

  test("without a fitting tool it looks at the whole list once and says so", async () => {
    const { calls, text } = await converse("Paint a horse", (_name, given) => ("query" in given ? [] : [listedEcho]));
    expect(calls).toEqual(['mcp_tools_get {"query":"paint horse"}', "mcp_tools_get {}"]);
    expect(text).toContain("No MCP tool fits this");
  });

  test("a greeting needs no tool", async () => {
    const { calls, text } = await converse("Hello, how are you?", () => []);
    expect(calls).toEqual([]);
    expect(text).toContain("demo provider");
  });

  test("finds the tool, gets its schema, runs it and answers with the sum", async () => {
    const { calls, text } = await converse("What is the sum of 17 and 25?", (name, given) => {
      if (name === "mcp_tools_execute") return "The sum of 17 and 25 is 42.";
      return "names" in given ? [sum] : [listedEcho, listedSum];
    });
    expect(calls).toEqual([
      'mcp_tools_get {"query":"sum"}',
      'mcp_tools_get {"names":["mcp_get-sum"]}',
      'mcp_tools_execute {"name":"mcp_get-sum","arguments":{"a":17,"b":25}}',
    ]);
    expect(text).toBe("The tool mcp_get-sum answered: The sum of 17 and 25 is 42.");
  });

  test("runs the tool at once if the schema came with the list, and looks at the whole list if a search found nothing", async () => {
    const { calls } = await converse("What is the sum of 4 and 5?", (name, given) => {
      if (name === "mcp_tools_execute") return "9";
      return "query" in given ? [] : [listedEcho, sum];
    });
    expect(calls).toEqual([
      'mcp_tools_get {"query":"sum"}',
      "mcp_tools_get {}",
      'mcp_tools_execute {"name":"mcp_get-sum","arguments":{"a":4,"b":5}}',
    ]);
  });

  test("the client's own tool goes before the selector", async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "What is the weather in Paris?" }],
      tools: [...tools, tool("get_weather", "Get the weather", WEATHER_TOOL.function.parameters)],
    });
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "get_weather" } });
  });
});
