import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { type AgentRig, bodyOf, startAgentRig, textOf } from "./loop-rig.ts";
import { call, says, text, thought } from "./model-answers.ts";

/** A provider that has all three APIs: requests keep the client's own. */
let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig({ OPENAI_APIS: "chat,messages,count_tokens,responses" });
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const MESSAGES = {
  model: "openai/m",
  max_tokens: 100,
  messages: [{ role: "user", content: [{ type: "text", text: "2 + 3?", cache_control: { type: "ephemeral" } }] }],
};
const RESPONSES = { model: "openai/m", input: "2 + 3?" };
const ADD = call("c1", "mcp_add", { a: 2, b: 3 });

const dataOf = (stream: string): Record<string, unknown>[] =>
  [...stream.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Record<string, unknown>);

describe("a request for a provider of its own API", () => {
  test("keeps every byte but those of the model; tools and turns are added at the ends of their lists", async () => {
    const own = { name: "own", input_schema: { type: "object" }, eager_input_streaming: true };
    const request = `{ "context_management":{"edits":[]}, "model":"openai/m","max_tokens":1e2,"tools":[ ${JSON.stringify(own)} ], "messages":[{"role":"user","content":"2 + 3?\\u0020"}] }`;
    agent.answer(says("messages", false, [thought("messages", "Hm."), ADD]), says("messages", false, [text("5")]));
    const { status } = await agent.post("/v1/messages", request);
    expect(status).toBe(200);
    const [first, second] = agent.asked().map(textOf);
    const before = request.replace("openai/m", "m");
    const head = before.slice(0, before.indexOf(" ], "));
    for (const body of [first, second]) expect(body).toStartWith(head);
    expect(first).toEndWith(before.slice(before.indexOf(', "messages"')));
    expect((bodyOf(agent.asked()[0])["tools"] as { name: string }[]).map(({ name }) => name)).toEqual([
      ...["own", "mcp_add", "mcp_fail", "mcp_echo"],
    ]);
    expect(bodyOf(agent.asked()[1])["messages"]).toEqual([
      { role: "user", content: "2 + 3? " },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "sealed Hm." },
          { type: "tool_use", id: "c1", name: "mcp_add", input: { a: 2, b: 3 } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "5" }] },
    ]);
  });

  test("has a text for its input, or goes on behind an answer that the provider keeps", async () => {
    for (const input of ["2 + 3?", [{ role: "user", content: "2 + 3?" }]]) {
      agent.answer(says("responses", false, [ADD]), says("responses", false, [text("5")]));
      await agent.post("/v1/responses", { ...RESPONSES, input, previous_response_id: "resp_0" });
      const [first, second] = agent.asked().map(bodyOf);
      expect([first?.["input"], first?.["previous_response_id"]]).toEqual([input, "resp_0"]);
      expect(second).toMatchObject({
        previous_response_id: "resp_0",
        input: [
          { role: "user", content: "2 + 3?" },
          { type: "function_call", call_id: "c1", name: "mcp_add" },
          { type: "function_call_output", call_id: "c1", output: "5" },
        ],
      });
      expect(second).not.toHaveProperty("store");
    }
  });

  test("that forces a call is asked without force from then on", async () => {
    agent.answer(says("messages", false, [ADD]), says("messages", false, [text("5")]));
    await agent.post("/v1/messages", { ...MESSAGES, tool_choice: { type: "any", disable_parallel_tool_use: true } });
    const choices = agent.asked().map((request) => bodyOf(request)["tool_choice"]);
    expect(choices).toEqual([
      { type: "any", disable_parallel_tool_use: true },
      { type: "auto", disable_parallel_tool_use: true },
    ]);
  });

  test("has an idempotency key: it stands for the first round", async () => {
    agent.answer(says("messages", false, [ADD]), says("messages", false, [text("5")]));
    await agent.post("/v1/messages", MESSAGES, { "idempotency-key": "once" });
    expect(agent.asked().map((request) => request.header("idempotency-key"))).toEqual(["once", undefined]);
  });
});

describe("goes without tools, byte for byte, what they could not be added to", () => {
  test.each([
    ["/v1/messages", { ...MESSAGES, container: "c" }, "container"],
    ["/v1/messages", { ...MESSAGES, tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0].type"],
    [
      "/v1/messages",
      {
        ...MESSAGES,
        messages: [
          {
            role: "user",
            content: [
              {
                type: "document",
                source: { type: "text", media_type: "text/plain", data: "x" },
                citations: { enabled: true },
              },
            ],
          },
        ],
      },
      "messages[0].content[0].citations",
    ],
    ["/v1/responses", { ...RESPONSES, conversation: "conv_1" }, "conversation"],
    ["/v1/responses", { ...RESPONSES, background: true }, "background"],
    ["/v1/responses", { ...RESPONSES, tools: [{ type: "file_search" }] }, "tools[0].type"],
  ])("%s %j", async (path, body, member) => {
    const answer = JSON.stringify({ id: "x", usage: { input_tokens: 1, output_tokens: 1 }, n: 1.5 });
    agent.answer(json(200, answer));
    const { text: got, headers, line } = await agent.post(path, body);
    expect(got).toBe(answer);
    expect(textOf(agent.asked()[0])).toBe(JSON.stringify({ ...body, model: "m" }));
    expect(headers.get("x-gateway-without-tools")).toBe(member);
    expect(line).not.toHaveProperty("tool_rounds");
  });

  test.each([
    ["/v1/messages", { ...MESSAGES, tool_choice: { type: "none" } }],
    ["/v1/responses", { ...RESPONSES, tool_choice: "none" }],
    ["/v1/messages", { ...MESSAGES, messages: "odd" }],
    ["/v1/responses/compact", RESPONSES],
    ["/v1/messages/count_tokens", MESSAGES],
  ])("%s %j, and nothing is said of it", async (path, body) => {
    agent.answer(json(200, { id: "x", input_tokens: 1 }));
    const { headers } = await agent.post(path, body);
    expect(headers.get("x-gateway-without-tools")).toBeNull();
    for (const request of agent.asked()) expect(textOf(request)).toBe(JSON.stringify({ ...body, model: "m" }));
  });
});

describe("an answer of the client's own API", () => {
  test("passes byte for byte without calls of the gateway's", async () => {
    const answer = `{"id":"msg_1","type":"message","content":[{"type":"text","text":"\\u0035","citations":[{"x":1}]}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2},"context_management":{}}`;
    agent.answer(json(200, answer));
    const { text: got, line } = await agent.post("/v1/messages", MESSAGES);
    expect(got).toBe(answer);
    expect(line).toMatchObject({ tool_rounds: 0, input_tokens: 1, output_tokens: 2 });
  });

  test.each([false, true])("has the id under which the provider keeps the last one (stream: %p)", async (streams) => {
    agent.answer(says("responses", streams, [ADD]), says("responses", streams, [text("5")]));
    const { text: got } = await agent.post("/v1/responses", { ...RESPONSES, stream: streams });
    const answer = streams ? dataOf(got).at(-1)?.["response"] : JSON.parse(got);
    expect(answer).toMatchObject({ id: "resp_up_0", store: true, status: "completed" });
  });

  test.each([false, true])("has no thoughts that the provider would look for in vain (stream: %p)", async (streams) => {
    const hm = { type: "thinking", text: "Hm.", seal: undefined } as const;
    agent.answer(says("responses", streams, [hm, ADD]), says("responses", streams, [hm, text("5")]));
    const { text: got } = await agent.post("/v1/responses", { ...RESPONSES, stream: streams });
    const answer = (streams ? dataOf(got).at(-1)?.["response"] : JSON.parse(got)) as { output: { type: string }[] };
    expect(answer.output.map(({ type }) => type)).toEqual(["reasoning", "reasoning", "message"]);
    agent.answer(says("responses", false, [text("6")]));
    await agent.post("/v1/responses", { ...RESPONSES, input: [...answer.output, { role: "user", content: "+ 1?" }] });
    expect((bodyOf(agent.asked()[0])["input"] as { type?: string }[]).map(({ type }) => type)).toEqual([
      ...["message", undefined],
    ]);
  });

  test("is no error of the gateway's if it is one of the provider's with a good status", async () => {
    agent.answer(json(200, { type: "error", error: { type: "overloaded_error", message: "busy" } }));
    const { status, text: got } = await agent.post("/v1/messages", MESSAGES);
    expect([status, JSON.parse(got)]).toEqual([
      529,
      expect.objectContaining({ error: { type: "overloaded_error", message: "busy" } }),
    ]);
  });
});
