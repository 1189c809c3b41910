import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import {
  type AgentRig,
  bodyOf,
  call,
  calling,
  CHAT,
  completion,
  MESSAGES,
  messagesOf,
  startAgentRig,
  textOf,
} from "./loop-rig.ts";

let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig({ MCP_MAX_ITERATIONS: "3", MCP_EXCLUDE_TOOLS: "echo" });
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});
beforeEach(() => {
  agent.rig.provider.failures.length = 0;
});

const ADD = call("call-1", "mcp_add", { a: 2, b: 3 });
const OWN = { type: "function", function: { name: "own", parameters: { type: "object" } } };
const contentOf = (text: string): unknown =>
  (JSON.parse(text) as { choices: { message: { content: unknown } }[] }).choices[0]?.message.content;

describe("failures of tools become tool messages", () => {
  test.each([
    ["of a tool that says so", "mcp_fail", {}, "Error: it broke"],
    ["arguments that are no JSON", "mcp_add", '{"a": 2', "Error: the arguments are not a JSON object"],
    ["arguments that are no object", "mcp_add", "[1]", "Error: the arguments are not a JSON object"],
    ["a tool that nobody has", "mcp_nothing", {}, 'Error: there is no tool "mcp_nothing"'],
    ["a function that nobody has", "nothing", {}, 'Error: there is no tool "nothing"'],
    ["a tool that is excluded", "mcp_echo", {}, 'Error: there is no tool "mcp_echo"'],
  ])("%s", async (_, name, args, content) => {
    agent.answer(calling(call("c", name, args)), completion({ content: "sorry" }));
    const { status, text } = await agent.chat(CHAT);
    expect([status, contentOf(text)]).toEqual([200, "sorry"]);
    expect(messagesOf(agent.asked()[1]).at(-1)).toEqual({ role: "tool", tool_call_id: "c", content });
    expect(agent.ran.map((run) => run.name)).toEqual(name === "mcp_fail" ? ["fail"] : []);
  });

  test.each([
    ["an empty text", { arguments: "" }],
    ["white space", { arguments: " \n" }],
    ["null", { arguments: null }],
    ["the text null", { arguments: "null" }],
    ["nothing", {}],
    ["an empty object", { arguments: {} }],
  ])("a call with %s for arguments runs without any, and is given back with {}", async (_, args) => {
    const item = { id: "c", type: "function", function: { name: "mcp_fail", ...args } };
    agent.answer(calling(item), completion({ content: "ok" }));
    await agent.chat(CHAT);
    expect(agent.ran).toMatchObject([{ name: "fail", args: {} }]);
    expect(messagesOf(agent.asked()[1]).at(-2)).toMatchObject({ tool_calls: [call("c", "mcp_fail", "{}")] });
  });

  test("a tool that is called without mcp_ runs", async () => {
    agent.answer(calling(call("c", "add", { a: 2, b: 3 })), completion({ content: "ok" }));
    await agent.chat(CHAT);
    expect(messagesOf(agent.asked()[1]).at(-1)).toMatchObject({ tool_call_id: "c", content: "5" });
  });

  test("arguments that are no JSON are not given back, because some providers parse them", async () => {
    agent.answer(calling(call("c", "mcp_add", '{"a": 2')), completion({ content: "sorry" }));
    await agent.chat(CHAT);
    expect(messagesOf(agent.asked()[1]).at(-2)).toMatchObject({ tool_calls: [call("c", "mcp_add", "{}")] });
  });
});

describe("the provider", () => {
  test("fails in a later round: its error passes with its status, and what was used is booked", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    agent.answer(
      completion({ tool_calls: [ADD] }, "tool_calls", { usage }),
      json(429, { error: { message: "slow down", code: "busy" } }, { "retry-after": "7" }),
    );
    const { status, text, headers, line } = await agent.chat(CHAT);
    expect([status, headers.get("retry-after")]).toEqual([429, "7"]);
    expect(JSON.parse(text)).toMatchObject({ error: "slow down", code: "busy", provider: "openai" });
    expect(line).toMatchObject({ outcome: "answered", total_tokens: 5, tool_rounds: 1, tool_calls: 1 });
  });

  test.each([
    ["has no choices", '{"id":"x", "choices":[], "n":1.0}', "application/json"],
    ["has no message", '{"id":"x","choices":[{"index":0}]}', "application/json"],
  ])("gives an answer that %s: it passes byte for byte", async (_, body) => {
    agent.answer(json(200, body));
    const { status, text } = await agent.chat(CHAT);
    expect([status, text]).toEqual([200, body]);
    agent.answer(calling(ADD), json(200, body));
    expect((await agent.chat(CHAT)).text).toBe(body);
  });

  test.each(["<html>", "[]"])("gives %s, which is no answer: 502, in whichever round", async (body) => {
    for (const rounds of [0, 1]) {
      agent.answer(...Array.from({ length: rounds }, () => calling(ADD)), json(200, body));
      const { status, text, line } = await agent.chat(CHAT);
      expect([status, JSON.parse(text)]).toMatchObject([502, { code: "upstream_invalid_response" }]);
      expect(line).toMatchObject({ outcome: "failed", failure: "upstream_invalid_response" });
    }
  });

  test("gives an error with a good status: it passes byte for byte, and is recorded as one", async () => {
    const body = '{"error": {"code":429, "message":"slow"}}';
    agent.answer(calling(ADD), json(200, body));
    const { status, text, line } = await agent.chat(CHAT);
    expect([status, text]).toEqual([200, body]);
    expect(line).toMatchObject({ outcome: "failed", failure: "provider_error", cause: "slow" });
  });

  test("calls tools for ever: after the last round its calls are taken away, and the reason says that it was a limit", async () => {
    const answer = completion({ content: "let me see", tool_calls: [ADD] }, "tool_calls");
    agent.answer(answer, answer, answer, answer);
    const { text, line } = await agent.chat(CHAT);
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ message: { role: "assistant", content: "let me see" }, finish_reason: "length" }],
    });
    expect(text).not.toContain("tool_calls");
    expect(agent.asked()).toHaveLength(4);
    expect(agent.ran).toHaveLength(3);
    expect(line).toMatchObject({ tool_rounds: 3, tool_calls: 3 });
    // The last time it is asked to answer with what it has.
    expect(agent.asked().map((request) => bodyOf(request)["tool_choice"])).toEqual([
      undefined,
      undefined,
      undefined,
      "none",
    ]);
  });

  test("cuts its answer: no half a call is run", async () => {
    agent.answer(completion({ content: "so", tool_calls: [call("c", "mcp_add", '{"a"')] }, "length"));
    const { text } = await agent.chat(CHAT);
    expect(agent.asked()).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ choices: [{ message: { content: "so" }, finish_reason: "length" }] });
    expect(text).not.toContain("mcp_add");
  });

  test("gives calls no ids, the same ones, or objects for arguments: each is answered under its own id", async () => {
    const bare = { function: { name: "mcp_add", arguments: { a: 1, b: 1 } } };
    agent.answer(calling(bare, { ...ADD, id: "" }, ADD, ADD), completion({ content: "ok" }));
    await agent.chat(CHAT);
    const [assistant, ...results] = messagesOf(agent.asked()[1]).slice(1);
    const calls = (assistant?.["tool_calls"] ?? []) as { id: string; function: { arguments: unknown } }[];
    const ids = calls.map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids[2]).toBe("call-1");
    expect(calls[0]?.function.arguments).toBe('{"a":1,"b":1}');
    expect(results.map((message) => [message["tool_call_id"], message["content"]])).toEqual([
      [ids[0], "2"],
      [ids[1], "5"],
      [ids[2], "5"],
      [ids[3], "5"],
    ]);
  });
});

describe("requests that take the plain path", () => {
  test.each([
    ["has the bypass header", CHAT, { "X-MCP-Bypass": "" }],
    ["wants no tool to be called", { ...CHAT, tools: [OWN], tool_choice: "none" }, {}],
    ["wants several answers", { ...CHAT, n: 2 }, {}],
    ["speaks of functions", { ...CHAT, functions: [OWN.function] }, {}],
  ])("one that %s", async (_, body, headers) => {
    const answer = JSON.stringify({ choices: [{ message: { tool_calls: [ADD] } }], n: 1.5 });
    agent.answer(json(200, answer));
    const { text, line } = await agent.chat(body, headers);
    expect(text).toBe(answer);
    expect(textOf(agent.asked()[0])).toBe(JSON.stringify({ ...body, model: "m" }));
    expect(agent.ran).toEqual([]);
    expect(line).not.toHaveProperty("tool_rounds");
  });

  test("APIs that have no answers with tools are left alone", async () => {
    const asked = agent.rig.provider.requests.length;
    agent.answer(json(200, { id: "e" }), json(200, { id: "c" }), json(200, { id: "p" }));
    const paths = ["/v1/embeddings", "/v1/completions", "/proxy/openai/v1/chat/completions"];
    for (const [index, body] of [
      { model: "openai/m", input: "hi" },
      { model: "openai/m", prompt: "hi" },
      { ...CHAT, model: "m" },
    ].entries()) {
      await fetch(agent.rig.gateway.url + paths[index], { method: "POST", body: JSON.stringify(body) });
    }
    for (const request of agent.rig.provider.requests.slice(asked)) expect(textOf(request)).not.toContain("mcp_");
  });
});

describe("a request", () => {
  test("has a decisive member twice: it is refused before anybody is asked", async () => {
    const body = `{"model":"openai/m","messages":${JSON.stringify(MESSAGES)},"tools":[],"tools":null}`;
    const { status, text } = await agent.chat(body);
    expect(status).toBe(400);
    expect(text).toContain("tools must not be given more than once");
    expect(agent.asked()).toEqual([]);
  });

  test("keeps every byte but those of the model; tools and messages are added at the ends of their lists", async () => {
    const own =
      '{ "type": "function", "function": {"name":"own","parameters":{"type":"object","maximum":12345678901234567890}} }';
    const message = '{"role":"user","content":"\\u00e9 é","x":1.0}';
    const body = `{"seed" : 1.0, "messages": [${message}\n], "tools":[${own} ], "model":"openai/m", "big":12345678901234567890}`;
    const assistant =
      '{"content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"mcp_add","arguments":"{\\"a\\":2,\\"b\\":3}"},"extra_content":{"google":{"thought_signature":"s\\u0041=="}}}],"reasoning_content":"hm \\u00e9","big":12345678901234567890,"role":"assistant"}';
    agent.answer(
      json(200, `{"choices":[{"finish_reason":"tool_calls", "message" : ${assistant}}],"usage":null}`),
      completion({ content: "5" }),
    );
    await agent.chat(body);
    const [first, second] = agent.asked().map(textOf);
    const definition = /\[\{ "type".*?\} ,(.*)\], "model"/s.exec(first ?? "")?.[1] ?? "";
    expect(JSON.parse(`[${definition}]`)).toMatchObject([
      { type: "function", function: { name: "mcp_add" } },
      { type: "function", function: { name: "mcp_fail" } },
    ]);
    const expected = (more: string): string =>
      `{"seed" : 1.0, "messages": [${message}\n${more}], "tools":[${own} ,${definition}], "model":"m", "big":12345678901234567890}`;
    expect(first).toBe(expected(""));
    expect(second).toBe(expected(`,${assistant},{"role":"tool","tool_call_id":"c","content":"5"}`));
  });

  test.each([
    ["no tools", undefined],
    ["null for tools", null],
    ["an empty list of tools", []],
  ])("with %s gets the gateway's", async (_, tools) => {
    agent.answer(completion({ content: "hi" }));
    await agent.chat({ ...CHAT, tools });
    const names = (bodyOf(agent.asked()[0])["tools"] as (typeof OWN)[]).map((tool) => tool.function.name);
    expect(names).toEqual(["mcp_add", "mcp_fail"]);
  });

  test("has an idempotency key: it stands for the first round, whose body a later one does not have", async () => {
    agent.answer(calling(ADD), completion({ content: "5" }));
    await agent.chat(CHAT, { "Idempotency-Key": "once", traceparent: "t" });
    const sent = agent.asked().map((request) => [request.header("idempotency-key"), request.header("traceparent")]);
    expect(sent).toEqual([
      ["once", "t"],
      [undefined, "t"],
    ]);
  });

  const required = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [{ type: "function" }] } };
  test.each([
    ["auto", { tool_choice: "auto" }, "auto", "auto"],
    ["required, without tools of its own", { tool_choice: "required" }, "required", "auto"],
    ["required, with tools of its own", { tool_choice: "required", tools: [OWN] }, "required", "required"],
    ["a tool of the gateway's", { tool_choice: ADD_CHOICE("mcp_add") }, ADD_CHOICE("mcp_add"), "auto"],
    ["a tool of its own", { tool_choice: ADD_CHOICE("own"), tools: [OWN] }, ADD_CHOICE("own"), ADD_CHOICE("own")],
    [
      "one of some tools",
      { tool_choice: required },
      required,
      { ...required, allowed_tools: { ...required.allowed_tools, mode: "auto" } },
    ],
  ])("forces %s: as long as it is owed, and not for ever", async (_, more, first, second) => {
    agent.answer(calling(ADD), completion({ content: "5" }));
    await agent.chat({ ...CHAT, ...more });
    expect(agent.asked().map((request) => bodyOf(request)["tool_choice"])).toEqual([first, second] as unknown[]);
  });
});

function ADD_CHOICE(name: string) {
  return { type: "function", function: { name } };
}

describe("an answer", () => {
  test("without calls of the gateway's passes byte for byte", async () => {
    const answer = `{ "id":"x", "choices":[{"message":{"content":"\\u00e9","tool_calls":[${JSON.stringify(call("c", "own"))}]},"finish_reason":"tool_calls"}], "usage":{"total_tokens":1.0} }`;
    agent.answer(json(200, answer));
    expect((await agent.chat({ ...CHAT, tools: [OWN] })).text).toBe(answer);
  });

  test("is the last round's, with the usage of all rounds", async () => {
    const usage = (input: number) => ({
      prompt_tokens: input,
      completion_tokens: 2,
      total_tokens: input + 2,
      prompt_tokens_details: { cached_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: input },
      tier: "x",
    });
    agent.answer(
      completion({ tool_calls: [ADD] }, "tool_calls", { usage: usage(10) }),
      json(200, `{"id":"last","choices":[{"message":{"content":"5"}}],"usage":${JSON.stringify(usage(20))},"f":1.0}`),
    );
    const { text, line } = await agent.chat(CHAT);
    const sum = {
      prompt_tokens: 30,
      completion_tokens: 4,
      total_tokens: 34,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 30 },
      tier: "x",
    };
    expect(text).toBe(`{"id":"last","choices":[{"message":{"content":"5"}}],"usage":${JSON.stringify(sum)},"f":1.0}`);
    expect(line).toMatchObject({
      input_tokens: 30,
      output_tokens: 4,
      total_tokens: 34,
      cached_input_tokens: 2,
      tool_rounds: 1,
      tool_calls: 1,
      outcome: "answered",
      streaming: false,
    });
  });

  test("with calls of both: the gateway's are run, and only the client's are returned", async () => {
    const [own, ours] = [call("c1", "own", { x: 1 }), call("c2", "mcp_add", { a: 1, b: 1 })];
    agent.answer(completion({ content: "both", tool_calls: [ours, own, { ...ours, id: "c3" }] }, "tool_calls"));
    const { text, line } = await agent.chat({ ...CHAT, tools: [OWN] });
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ message: { content: "both", tool_calls: [own] }, finish_reason: "tool_calls" }],
    });
    expect(text).not.toContain("mcp_add");
    expect(agent.ran.map(({ name }) => name)).toEqual(["add", "add"]);
    expect(agent.asked()).toHaveLength(1);
    expect(line).toMatchObject({ tool_rounds: 0, tool_calls: 2 });
  });

  test("with many calls has them all run, without a word of warning", async () => {
    const calls = Array.from({ length: 60 }, (_, index) => call(`c${index}`, "mcp_add", { a: index, b: 1 }));
    agent.answer(calling(...calls), completion({ content: "ok" }));
    const { line } = await agent.chat(CHAT);
    const results = messagesOf(agent.asked()[1]).slice(2);
    expect(results.map(({ content }) => content)).toEqual(calls.map((_, index) => String(index + 1)));
    expect(line).toMatchObject({ tool_calls: 60 });
  });

  test("of another kind of tool goes to the client", async () => {
    const custom = { id: "c", type: "custom", custom: { name: "grammar", input: "x" } };
    agent.answer(calling(custom));
    const { text } = await agent.chat(CHAT);
    expect(JSON.parse(text)).toMatchObject({ choices: [{ message: { tool_calls: [custom] } }] });
  });
});

describe("a request that tools cannot be added to", () => {
  test.each([
    ["messages", { messages: undefined }],
    ["messages", { messages: "hello" }],
    ["messages", { messages: { role: "user", content: "hello" } }],
    ["tools", { tools: { a: 1 } }],
    ["tools", { tools: "own" }],
  ])("because %s is no list: %j", async (name, members) => {
    const refused = await agent.chat({ ...CHAT, ...members });
    expect([refused.status, JSON.parse(refused.text), agent.asked()]).toMatchObject([
      400,
      { error: `${name} must be an array`, param: name },
      [],
    ]);
    agent.answer(completion({ content: "ok" }));
    expect((await agent.chat({ ...CHAT, ...members }, { "x-mcp-bypass": "1" })).status).toBe(200);
    expect(agent.asked()).toHaveLength(1);
  });

  test.each([{ messages: [] }, { messages: ["hello", null] }, { tools: null }, { tools: [{ google_search: {} }, 5] }])(
    "but not any other: %j",
    async (members) => {
      agent.answer(calling(ADD), completion({ content: "5" }));
      expect((await agent.chat({ ...CHAT, ...members })).status).toBe(200);
      expect(agent.ran).toHaveLength(1);
    },
  );
});
