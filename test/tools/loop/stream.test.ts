import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json } from "../../fixtures/answers.ts";
import { chunk, close, end, head, reset, type Step, wait } from "../../fixtures/script.ts";
import { createGate } from "../../fixtures/gate.ts";
import { byTransport } from "../../fixtures/transport-differences.ts";
import {
  type AgentRig,
  bodyOf,
  call,
  completion,
  delta,
  eventsOf,
  messagesOf,
  startAgentRig,
  STREAM,
  stream,
} from "./loop-rig.ts";

let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgentRig({ MCP_MAX_ITERATIONS: "3" });
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const OWN = { type: "function", function: { name: "own", parameters: { type: "object" } } };
const SHOW = { "X-MCP-Show-Tools": "true" };
const ASKED = { stream_options: { include_usage: true } };
const ADD = call("call-1", "mcp_add", { a: 2, b: 3 });
const ROLE = delta({ role: "assistant", content: "" });
const FINISH = delta({}, "tool_calls");
const STOP = delta({}, "stop");

/** The deltas of one call, its arguments in pieces. */
const callDeltas = (
  index: number,
  { id, type, function: { name, arguments: args } }: ReturnType<typeof call>,
): string[] => [
  delta({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] }),
  ...(args.match(/.{1,4}/gs) ?? []).map((piece) => delta({ tool_calls: [{ index, function: { arguments: piece } }] })),
];
const CALLING = [ROLE, ...callDeltas(0, ADD), FINISH];

type Chunk = { id?: string; choices: { delta: Record<string, unknown>; finish_reason: string | null }[] };
const chunksOf = (text: string): Chunk[] => eventsOf(text).filter((event) => event !== "[DONE]") as unknown as Chunk[];
const contentOf = (text: string): string =>
  chunksOf(text)
    .map(({ choices }) => choices[0]?.delta["content"] ?? "")
    .join("");
const reasonsOf = (text: string): unknown[] => chunksOf(text).flatMap(({ choices }) => choices[0]?.finish_reason ?? []);
const count = (text: string, part: string): number => text.split(part).length - 1;

describe("a provider that fails", () => {
  test("before its first event is answered with its status", async () => {
    agent.answer(json(429, { error: { message: "slow down" } }));
    const { status, text } = await agent.chat(STREAM);
    expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([429, "slow down"]);
  });

  test.each([
    ["provider_error", undefined],
    ["rate_limit_exceeded", "rate_limit_exceeded"],
  ])("in a later round ends the stream with an error event, code %s, and no [DONE]", async (told, code) => {
    agent.answer(stream(CALLING), json(503, { error: { message: "no capacity", code } }));
    const { status, text, line } = await agent.chat(STREAM);
    expect(status).toBe(200);
    expect(eventsOf(text).at(-1)).toEqual({
      error: { message: "no capacity", type: "upstream_error", code: told },
    });
    expect(text).not.toContain("[DONE]");
    expect(line).toMatchObject({ outcome: "cut", failure: "provider_error", tool_rounds: 1, tool_calls: 1 });
  });

  test.each([
    ["breaks off in the middle of a call", reset()],
    ["ends in the middle of a call", end()],
  ])("%s: nothing is run", async (_, last) => {
    const gate = createGate();
    const events = CALLING.slice(0, 3);
    agent.answer([
      head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }),
      ...events.map((event) => chunk(event)),
      wait(gate),
      last,
    ]);
    const { client } = await agent.rig.call({ target: "/v1/chat/completions", body: STREAM });
    agent.ran.length = 0;
    const first = await client.nextBytes();
    gate.open();
    const text = Buffer.from(first ?? []).toString() + (await client.body()).text;
    expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: "upstream_reset" } });
    expect(text).not.toContain("[DONE]");
    expect(agent.ran).toEqual([]);
  });

  test.each([
    ["breaks off", reset()],
    ["closes its connection too early", close()],
  ])("%s behind [DONE]: nothing is lost, and the calls are run", async (_, last) => {
    const gate = createGate();
    const [opening, ...events] = stream(CALLING).slice(0, -1);
    agent.answer([opening as Step, ...events, ...byTransport("lostAtBreak", [], [wait(gate)]), last], () => {
      gate.open();
      return stream([ROLE, delta({ content: "5" }), STOP]);
    });
    const { text, line } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("5");
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(line).toMatchObject({ outcome: "answered", tool_calls: 1 });
  });

  test("answers with JSON and calls it a stream: its calls are run", async () => {
    const message = { role: "assistant", content: null, tool_calls: [ADD] };
    const whole = JSON.stringify({ id: "c", choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
    agent.answer(
      [head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }), chunk(whole), end()],
      stream([ROLE, delta({ content: "5" }), STOP]),
    );
    const { text, line } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("5");
    expect(line).toMatchObject({ outcome: "answered", tool_calls: 1 });
  });

  test("says so in its stream: what it says passes, and nothing is run", async () => {
    const error = dataEvent({ error: { message: "broken", code: 500 } });
    agent.answer(stream([...CALLING.slice(0, -1), error], { done: false }));
    const { text } = await agent.chat(STREAM);
    expect(text).toEndWith(error);
    expect(agent.ran).toEqual([]);
  });

  test("calls tools for ever is asked no more, and the reason says that it was a limit", async () => {
    agent.answer(...[1, 2, 3, 4].map(() => stream([ROLE, delta({ content: "again " }), ...CALLING])));
    const { text } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("again again again again ");
    expect(reasonsOf(text)).toEqual(["length"]);
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(text).not.toContain("tool_calls");
    expect(agent.asked()).toHaveLength(4);
    expect(bodyOf(agent.asked()[3])["tool_choice"]).toBe("none");
  });

  test("cuts its answer in the middle of a call: nothing is run", async () => {
    agent.answer(stream([...CALLING.slice(0, 3), delta({}, "length")]));
    const { text } = await agent.chat(STREAM);
    expect(reasonsOf(text)).toEqual(["length"]);
    expect(text).toEndWith("data: [DONE]\n\n");
    expect([agent.ran, agent.asked().length]).toEqual([[], 1]);
  });
});

describe("one round", () => {
  test("without calls passes byte for byte, comments and all", async () => {
    const text =
      ': hi\n\nevent: x\ndata: {"id":"1","choices":[{"delta":{"role":"assistant","content":"\\u00e9"},"n":1.0}]}\n\n' +
      'data:{"choices":[{"delta":{"reasoning_content":"hm"}}]}\r\n\r\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n' +
      'data: no json\n\ndata: {"big":12345678901234567890}\n\ndata: [DONE]\n\n';
    agent.answer(stream([text], { done: false }));
    expect((await agent.chat(STREAM)).text).toBe(text);
  });

  test("with calls of the client's passes byte for byte", async () => {
    const events = [ROLE, ...callDeltas(0, call("a", "own", { x: 1 })), ...callDeltas(1, call("b", "own")), FINISH];
    agent.answer(stream(events));
    const { text } = await agent.chat({ ...STREAM, tools: [OWN] });
    expect(text).toBe(`${events.join("")}data: [DONE]\n\n`);
    expect(agent.asked()).toHaveLength(1);
  });

  test("without [DONE] gets none if the provider has not said that it is finished", async () => {
    agent.answer(stream([ROLE], { done: false }));
    const { text, line } = await agent.chat(STREAM);
    expect(text).toStartWith(`${ROLE}data: {"error":`);
    expect(text).not.toContain("[DONE]");
    expect(line).toMatchObject({ outcome: "cut", failure: "upstream_reset" });
  });
});

describe("several rounds", () => {
  const second = (event: string): string =>
    event.replace("chatcmpl-1", "chatcmpl-2").replace('"created":1', '"created":2');
  const later = [ROLE, delta({ role: "assistant", content: "It " }), delta({ content: "is 5." }), STOP].map(second);

  test("look like one completion: one id, one role, one end, and no call", async () => {
    agent.answer(stream([ROLE, delta({ content: "Let me see. " }), ...CALLING.slice(1)]), stream(later));
    const { text, line } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("Let me see. It is 5.");
    expect(chunksOf(text).every(({ id }) => id === "chatcmpl-1")).toBe(true);
    expect(text).not.toContain('"created":2');
    expect(count(text, '"role"')).toBe(1);
    expect(count(text, "[DONE]")).toBe(1);
    expect(reasonsOf(text)).toEqual(["stop"]);
    expect(text).not.toContain("mcp_add");
    expect(agent.ran.map(({ args }) => args)).toEqual([{ a: 2, b: 3 }]);
    expect(line).toMatchObject({ streaming: true, outcome: "answered", tool_rounds: 1, tool_calls: 1 });
    const [assistant, result] = messagesOf(agent.asked()[1]).slice(1);
    expect(assistant).toEqual({ role: "assistant", content: "Let me see. ", tool_calls: [ADD] });
    expect(result).toEqual({ role: "tool", tool_call_id: "call-1", content: "5" });
  });

  test("keep the bytes of what is not the gateway's to change", async () => {
    const raw = (id: string): string =>
      `data: {"x":1.0, "id" : "${id}","created":1,"choices":[{"index":0,"delta":{"content":"\\u00e9", "z":12345678901234567890}}]}\n\n`;
    agent.answer(stream([raw("one"), ...callDeltas(0, ADD), FINISH]), stream([raw("two"), STOP]));
    const { text } = await agent.chat(STREAM);
    expect(count(text, raw("one"))).toBe(2);
  });

  test("are shown with their calls if the client asks, each call in a place of its own", async () => {
    agent.answer(stream(CALLING), stream([...callDeltas(0, { ...ADD, id: "call-2" }), FINISH]), stream(later));
    const { text } = await agent.chat(STREAM, SHOW);
    const calls = chunksOf(text).flatMap(({ choices }) => choices[0]?.delta["tool_calls"] ?? []) as {
      index: number;
      id?: string;
    }[];
    expect(calls.filter(({ id }) => id).map(({ id, index }) => [id, index])).toEqual([
      ["call-1", 0],
      ["call-2", 1],
    ]);
    expect(reasonsOf(text)).toEqual(["stop"]);
    expect(count(text, "[DONE]")).toBe(1);
  });

  test("end with the client's calls, whose places close up, after the gateway's were run", async () => {
    const own = { ...call("own-1", "own", { x: "yz" }) };
    agent.answer(stream(CALLING), stream([...callDeltas(0, { ...ADD, id: "call-2" }), ...callDeltas(1, own), FINISH]));
    const { text } = await agent.chat({ ...STREAM, tools: [OWN] });
    const calls = chunksOf(text).flatMap(({ choices }) => choices[0]?.delta["tool_calls"] ?? []) as {
      index: number;
      function: { arguments: string };
    }[];
    expect(new Set(calls.map(({ index }) => index))).toEqual(new Set([0]));
    expect(calls.map((item) => item.function.arguments).join("")).toBe(own.function.arguments);
    expect(text).not.toContain("mcp_add");
    expect(reasonsOf(text)).toEqual(["tool_calls"]);
    expect(agent.ran).toHaveLength(2);
    expect(agent.asked()).toHaveLength(2);
  });

  const usageChunk = (input: number): string =>
    dataEvent({
      id: "chatcmpl-1",
      created: 1,
      model: "m",
      choices: [],
      usage: {
        prompt_tokens: input,
        completion_tokens: 1,
        total_tokens: input + 1,
        prompt_tokens_details: { cached_tokens: 1 },
      },
    });
  const sum = {
    prompt_tokens: 30,
    completion_tokens: 2,
    total_tokens: 32,
    prompt_tokens_details: { cached_tokens: 2 },
  };

  test("tell the usage of all of them once, if the client asked", async () => {
    agent.answer(stream([...CALLING, usageChunk(10)]), stream([...later, usageChunk(20)]));
    const { text, line } = await agent.chat({ ...STREAM, ...ASKED });
    const told = eventsOf(text).filter((event) => event !== "[DONE]" && event["usage"]);
    expect(told.map((event) => event !== "[DONE]" && event["usage"])).toEqual([sum]);
    expect(eventsOf(text).slice(-2)).toEqual([expect.objectContaining({ choices: [] }), "[DONE]"]);
    expect(line).toMatchObject({ input_tokens: 30, total_tokens: 32, cached_input_tokens: 2 });
  });

  test("tell nothing of it if it did not ask, and book it all the same", async () => {
    agent.answer(stream([...CALLING, usageChunk(10)]), stream([...later, usageChunk(20)]));
    const { text, line } = await agent.chat(STREAM);
    expect(text).not.toContain('"usage"');
    expect(line).toMatchObject({ total_tokens: 32 });
  });

  test("sum up usage that stands in the last chunk with a choice", async () => {
    const withUsage = (finish: string, tokens: number): string =>
      delta({}, finish, { usage: { prompt_tokens: tokens, completion_tokens: 1, total_tokens: tokens + 1 } });
    agent.answer(
      stream([...CALLING.slice(0, -1), withUsage("tool_calls", 10)]),
      stream([delta({ content: "5" }), withUsage("stop", 20)]),
    );
    const { text, line } = await agent.chat(STREAM);
    expect(text).toContain('"usage":{"prompt_tokens":30,"completion_tokens":2,"total_tokens":32}');
    expect(count(text, '"usage"')).toBe(1);
    expect(line).toMatchObject({ total_tokens: 32 });
  });

  test("take usage for usage if it stands beside a choice that says nothing, as OpenRouter has it", async () => {
    const role = { role: "assistant", content: "" };
    const used = (tokens: number): string =>
      delta(role, null, { usage: { prompt_tokens: tokens, completion_tokens: 1, total_tokens: tokens + 1 } });
    agent.answer(
      stream([...CALLING.slice(0, -1), delta(role, "tool_calls"), used(10)]),
      stream([delta({ ...role, content: "It " }), delta({ ...role, content: "is." }), delta(role, "stop"), used(20)]),
    );
    const { text } = await agent.chat({ ...STREAM, ...ASKED });
    expect(contentOf(text)).toBe("It is.");
    expect(count(text, '"role"')).toBe(1);
    expect(count(text, '"usage"')).toBe(1);
    expect(text).toContain('"total_tokens":32');
    expect(text).toEndWith("data: [DONE]\n\n");
  });

  test("survive a provider that says nothing at the end but [DONE], or nothing but its reason", async () => {
    agent.answer(stream(CALLING.slice(0, -1)), stream(later, { done: false }));
    const { text } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("It is 5.");
    expect(text).toEndWith("data: [DONE]\n\n");
  });

  test("may be answered in one piece", async () => {
    agent.answer(completion({ tool_calls: [ADD] }, "tool_calls"), stream(CALLING), completion({ content: "5" }));
    const { text, headers } = await agent.chat(STREAM);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect([contentOf(text), reasonsOf(text), count(text, '"role"')]).toEqual(["5", ["stop"], 1]);
    expect(text).toEndWith("data: [DONE]\n\n");
    expect(agent.ran).toHaveLength(2);
  });
});

describe("the deltas of calls are put together", () => {
  const calls = [call("a", "mcp_add", { a: 1, b: 1 }), call("b", "mcp_add", { a: 2, b: 2 })] as const;
  const [a, b] = [callDeltas(0, calls[0]), callDeltas(1, calls[1])];
  const whole = (item: object, index?: number): object => ({ ...(index !== undefined && { index }), ...item });
  const withObject = ({ id, type }: ReturnType<typeof call>, args: object) => ({
    id,
    type,
    function: { name: "mcp_add", arguments: args },
  });

  test.each([
    ["one after the other", [...a, ...b]],
    ["interleaved", a.flatMap((event, index) => [event, b[index] ?? ""])],
    [
      "whole, in one delta",
      [delta({ role: "assistant", content: null, tool_calls: calls.map((item, index) => whole(item, index)) })],
    ],
    ["whole, without indices", [delta({ tool_calls: calls.map((item) => whole(item)) })]],
    ["whole, one delta each, without indices", calls.map((item) => delta({ tool_calls: [item] }))],
    ["whole, each at the same index", calls.map((item) => delta({ tool_calls: [whole(item, 0)] }))],
    [
      "with objects for arguments",
      [delta({ tool_calls: [withObject(calls[0], { a: 1, b: 1 }), withObject(calls[1], { a: 2, b: 2 })] })],
    ],
    [
      "their names late",
      [
        delta({ tool_calls: [{ index: 0, id: "a", type: "function" }] }),
        ...a.map((event) => event.replace('"id":"a",', "")),
        ...b,
      ],
    ],
    [
      "their ids and names again and again",
      [...a.map((event) => event.replace('"function":{', '"id":"a","function":{"name":"mcp_add",')), ...b],
    ],
  ])("%s", async (_, events) => {
    agent.answer(stream([...events, FINISH]), stream([delta({ content: "ok" }), STOP]));
    const { text } = await agent.chat(STREAM);
    expect(contentOf(text)).toBe("ok");
    expect(text).not.toContain("mcp_add");
    const [assistant, ...results] = messagesOf(agent.asked()[1]).slice(1);
    expect(assistant?.["tool_calls"]).toEqual([...calls]);
    expect(results).toEqual([
      { role: "tool", tool_call_id: "a", content: "2" },
      { role: "tool", tool_call_id: "b", content: "4" },
    ]);
  });

  const gemini = (name: string, args: string, more: object = {}): object => ({
    index: 0,
    id: "",
    type: "function",
    function: { name, arguments: args },
    ...more,
  });

  test.each([
    [
      "of Gemini, whole in one delta, with one index and empty ids",
      [delta({ tool_calls: [gemini("mcp_echo", "{}"), gemini("mcp_echo", '{"a":3}')] })],
    ],
    [
      "of Gemini, in a delta each",
      [gemini("mcp_echo", "{}"), gemini("mcp_echo", '{"a":3}')].map((item) => delta({ tool_calls: [item] })),
    ],
    [
      "without ids, at one index",
      [gemini("mcp_echo", "{}"), gemini("mcp_echo", '{"a":3}')].map((item) =>
        delta({ tool_calls: [{ ...item, id: undefined }] }),
      ),
    ],
    [
      "without ids and indices",
      [gemini("mcp_echo", "{}"), gemini("mcp_echo", '{"a":3}')].map((item) =>
        delta({ tool_calls: [{ ...item, index: null, id: null }] }),
      ),
    ],
    [
      "with objects for arguments, at one index",
      [
        delta({
          tool_calls: [
            { ...gemini("mcp_echo", ""), function: { name: "mcp_echo", arguments: {} } },
            { ...gemini("mcp_echo", ""), function: { name: "mcp_echo", arguments: { a: 3 } } },
          ],
        }),
      ],
    ],
    [
      "in pieces, the name of the second one with its first piece",
      [
        gemini("mcp_echo", "{"),
        { index: 0, function: { arguments: "}" } },
        gemini("mcp_echo", '{"a"'),
        { index: 0, function: { arguments: ":3}" } },
      ].map((item) => delta({ tool_calls: [item] })),
    ],
    [
      "in pieces with the name in each",
      [
        gemini("mcp_echo", ""),
        gemini("mcp_echo", "{}"),
        gemini("mcp_echo", '{"a"', { index: 1 }),
        gemini("mcp_echo", ":3}", { index: 1 }),
        gemini("mcp_echo", "", { index: 1 }),
      ].map((item) => delta({ tool_calls: [item] })),
    ],
    [
      "interleaved at one index, told apart by their ids",
      [
        gemini("mcp_echo", "", { id: "a" }),
        gemini("mcp_echo", '{"a"', { id: "b" }),
        { index: 0, id: "a", function: { arguments: "{}" } },
        { index: 0, id: "b", function: { arguments: ":3}" } },
      ].map((item) => delta({ tool_calls: [item] })),
    ],
  ])("%s", async (_, events) => {
    agent.answer(stream([...events, FINISH]), stream([delta({ content: "ok" }), STOP]));
    const { text } = await agent.chat(STREAM);
    expect([contentOf(text), reasonsOf(text)]).toEqual(["ok", ["stop"]]);
    expect(agent.ran.map(({ args }) => args)).toEqual([{}, { a: 3 }]);
    const [assistant, ...results] = messagesOf(agent.asked()[1]).slice(1);
    const items = (assistant?.["tool_calls"] ?? []) as { id: string; function: object }[];
    expect(items.map((item) => item.function)).toEqual([
      { name: "mcp_echo", arguments: "{}" },
      { name: "mcp_echo", arguments: '{"a":3}' },
    ]);
    expect(results.map((message) => message["tool_call_id"])).toEqual(items.map(({ id }) => id));
    expect(new Set(items.map(({ id }) => id)).size).toBe(2);
  });

  test("two tools at one index, without ids or arguments, are two calls", async () => {
    const items = [gemini("mcp_echo", ""), gemini("mcp_fail", "")];
    agent.answer(stream([delta({ tool_calls: items }), FINISH]), stream([delta({ content: "ok" }), STOP]));
    await agent.chat(STREAM);
    expect(agent.ran.map(({ name }) => name)).toEqual(["echo", "fail"]);
    const [assistant] = messagesOf(agent.asked()[1]).slice(1);
    const sent = (assistant?.["tool_calls"] ?? []) as { function: { arguments: unknown } }[];
    expect(sent.map((item) => item.function.arguments)).toEqual(["{}", "{}"]);
  });

  test("a name that comes again and again under one id, or none, is of one call", async () => {
    for (const id of ["a", ""]) {
      const pieces = ['{"a":', '{"b":"}"}', "}"].map((args) => gemini("mcp_echo", args, { id }));
      const events = pieces.map((item) => delta({ tool_calls: [item] }));
      agent.answer(stream([...events, FINISH]), stream([delta({ content: "ok" }), STOP]));
      await agent.chat(STREAM);
      expect(agent.ran.map(({ args }) => args)).toEqual([{ a: { b: "}" } }]);
    }
  });

  test("with all that the provider says beside, which it may need again", async () => {
    const details = [{ type: "reasoning.text", index: 0, text: "hm" }];
    agent.answer(
      stream([
        delta({ role: "assistant", reasoning_content: "I ", reasoning_details: details }),
        delta({ reasoning_content: "think", reasoning_details: [{ index: 0, text: "m", signature: "s" }] }),
        delta({
          tool_calls: [{ index: 0, ...ADD, extra_content: { google: { thought_signature: "sig" } } }],
        }),
        FINISH,
      ]),
      stream([delta({ reasoning_content: "so" }), delta({ content: "5" }), STOP]),
    );
    const { text } = await agent.chat(STREAM);
    const reasoning = chunksOf(text)
      .map(({ choices }) => choices[0]?.delta["reasoning_content"] ?? "")
      .join("");
    expect(reasoning).toBe("I thinkso");
    expect(messagesOf(agent.asked()[1])[1]).toEqual({
      role: "assistant",
      content: null,
      reasoning_content: "I think",
      reasoning_details: [{ type: "reasoning.text", index: 0, text: "hmm", signature: "s" }],
      tool_calls: [{ ...ADD, extra_content: { google: { thought_signature: "sig" } } }],
    });
  });

  test("however the provider's bytes are cut, and whatever ends its lines", async () => {
    const rounds = [
      [ROLE, delta({ content: "Añ😀 " }), ...CALLING],
      [delta({ content: "é 5" }), STOP],
    ];
    const texts: string[] = [];
    for (const [splitEvery, crlf] of [
      [4096, false],
      [1, false],
      [7, true],
      [37, true],
      [1, true],
    ] as const) {
      for (const events of rounds) {
        agent.answer(
          stream(
            events.map((event) => (crlf ? event.replaceAll("\n", "\r\n") : event)),
            { splitEvery },
          ),
        );
      }
      texts.push((await agent.chat(STREAM)).text.replaceAll("\r\n", "\n"));
    }
    expect(new Set(texts).size).toBe(1);
    expect(contentOf(texts[0] ?? "")).toBe("Añ😀 é 5");
  });
});
