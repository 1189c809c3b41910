import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import type { ReceivedRequest } from "../../fixtures/http-request-parser.ts";
import { createGate } from "../../fixtures/gate.ts";
import type { RawClient } from "../../fixtures/raw-http-client.ts";
import { chunk, flood, head, type Step, stall } from "../../fixtures/script.ts";
import { within } from "../../fixtures/within.ts";
import { text } from "../mcp/mcp-server.ts";
import {
  type AgentRig,
  call,
  calling,
  CHAT,
  completion,
  delta,
  eventsOf,
  messagesOf,
  startAgentRig,
  STREAM,
  stream,
} from "./loop-rig.ts";

/** What a tool of the rig is doing: it ends when the test, or its caller, ends it. */
interface RunningTool {
  readonly args: JsonObject;
  readonly signal: AbortSignal;
  end(result: string): void;
}

const running: RunningTool[] = [];
let began = Promise.withResolvers<void>();

/** Waits until so many tools have begun since the last call. */
async function toolsBegan(number: number): Promise<RunningTool[]> {
  const begun = async (): Promise<void> => {
    while (running.length < number) {
      await began.promise;
      began = Promise.withResolvers();
    }
  };
  await within(begun(), 2000, `${number} tools to begin`);
  return running.splice(0);
}

const LIMIT_MS = 400;
/** Moved only by the tests: what a provider or a tool takes is no matter of the machine. */
const clock = createManualClock();
let agent: AgentRig;
beforeAll(async () => {
  const run = (args: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const { promise, resolve } = Promise.withResolvers<JsonObject>();
    running.push({ args, signal, end: (result) => resolve(text(result)) });
    began.resolve();
    signal.addEventListener("abort", () => resolve(text("aborted")));
    return promise;
  };
  agent = await startAgentRig(
    {
      MCP_REQUEST_TIMEOUT: "1s",
      CLIENT_TIMEOUT: `${LIMIT_MS}ms`,
      CLIENT_RESPONSE_HEADER_TIMEOUT: `${LIMIT_MS}ms`,
      CLIENT_STREAM_IDLE_TIMEOUT: `${LIMIT_MS}ms`,
    },
    [{ name: "slow", run }],
    clock,
  );
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const SLOW = call("s", "mcp_slow", { n: 1 });
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const callingStream = (...calls: readonly object[]): Step[] =>
  stream([
    delta({ role: "assistant", content: "wait " }),
    delta({ tool_calls: calls.map((item, index) => ({ index, ...item })) }),
    delta({}, "tool_calls"),
  ]);
const KINDS = [
  ["whole", CHAT, calling],
  ["streamed", STREAM, callingStream],
] as const;

describe.each(KINDS)("%s:", (_, body, callingAs) => {
  const last = (content: string): Step[] =>
    body === STREAM ? stream([delta({ content }, "stop")]) : completion({ content });

  test("a tool that takes too long becomes a message, and its server is told", async () => {
    agent.answer(callingAs(SLOW), last("sorry"));
    const answering = agent.chat(body);
    const [tool] = await toolsBegan(1);
    await clock.advance(1000);
    expect((await answering).text).toContain("sorry");
    expect(messagesOf(agent.asked()[1]).at(-1)?.["content"]).toBe(
      "Error: the MCP server test did not answer within 1000 ms (MCP_REQUEST_TIMEOUT)",
    );
    // The server is told over its connection, which may take longer than the answer.
    if (tool?.signal.aborted === false) await new Promise((resolve) => tool.signal.addEventListener("abort", resolve));
    expect(tool?.signal.aborted).toBe(true);
  });

  test("tools of one answer run at once, and their messages stand in the order of the calls", async () => {
    agent.answer(callingAs(SLOW, { ...SLOW, id: "t" }, call("u", "mcp_add", { a: 1, b: 1 })), last("ok"));
    const answering = agent.chat(body);
    const tools = await toolsBegan(2);
    tools[1]?.end("second");
    tools[0]?.end("first");
    expect((await answering).text).toContain("ok");
    const results = messagesOf(agent.asked()[1]).slice(-3);
    expect(results.map((message) => [message["tool_call_id"], message["content"]])).toEqual([
      ["s", "first"],
      ["t", "second"],
      ["u", "2"],
    ]);
  });

  test("no time of a provider's runs while tools do, and every round has the whole of it", async () => {
    agent.answer(callingAs(SLOW), callingAs(SLOW), last("ok"));
    const answering = agent.chat(body);
    for (let round = 0; round < 2; round += 1) {
      const [tool] = await toolsBegan(1);
      await clock.advance(LIMIT_MS + 100);
      tool?.end("done");
    }
    expect((await answering).text).toContain("ok");
  });

  test("a deadline of a later round is told as that of a first one", async () => {
    const asked = Promise.withResolvers<void>();
    agent.answer(callingAs(call("a", "mcp_add")), () => {
      asked.resolve();
      return [stall()];
    });
    const answering = agent.chat(body);
    await asked.promise;
    await clock.advance(LIMIT_MS);
    const { status, text, line } = await answering;
    expect(line).toMatchObject({ failure: "response_header_timeout", tool_rounds: 1 });
    expect(text).toContain("CLIENT_RESPONSE_HEADER_TIMEOUT");
    expect(status).toBe(body === STREAM ? 200 : 504);
    expect(agent.rig.provider.requests.at(-1)).toBeDefined();
  });

  test("two at once have nothing to do with each other", async () => {
    const order = ["first", "second"] as const;
    const answers = order.map(async (name) => {
      agent.answer((request: ReceivedRequest) => {
        const content = String(messagesOf(request)[0]?.["content"]);
        return callingAs(call("s", "mcp_slow", { content }));
      });
      return agent.rig.call({
        target: "/v1/chat/completions",
        body: { ...body, messages: [{ role: "user", content: name }] },
      });
    });
    const clients = await Promise.all(answers);
    const tools = await toolsBegan(2);
    agent.answer(
      ...order.map(
        () => (request: ReceivedRequest) =>
          last(`${String(messagesOf(request)[0]?.["content"])}: ${String(messagesOf(request).at(-1)?.["content"])}`),
      ),
    );
    for (const tool of tools) tool.end(`for ${String(tool.args["content"])}`);
    for (const [index, { client }] of clients.entries()) {
      const name = order[index] ?? "";
      expect((await client.body()).text).toContain(`${name}: for ${name}`);
    }
  });

  describe("a client that leaves", () => {
    const leave = async (untilThen: (client: RawClient) => Promise<unknown>): Promise<number> => {
      const { client, id } = await agent.rig.call({ target: "/v1/chat/completions", body });
      await untilThen(client);
      const leftAt = performance.now();
      client.leave();
      expect(await agent.rig.settled(id)).toMatchObject({ outcome: "client_gone", failure: "client_gone" });
      return leftAt;
    };

    test("while tools run, stops them, and the model is not asked again", async () => {
      agent.answer(callingAs(SLOW, { ...SLOW, id: "t" }));
      const before = agent.rig.provider.requests.length;
      let tools: RunningTool[] = [];
      await leave(async () => {
        tools = await toolsBegan(2);
      });
      for (const { signal } of tools) {
        const aborted = new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve());
        });
        await within(aborted, 500, "the tool to be stopped");
      }
      expect(agent.rig.provider.requests.length).toBe(before + 1);
    });

    test.each([
      ["before the later round's head", [stall()]],
      ["amid the later round's answer", [head(200, EVENT_STREAM), chunk(delta({ content: "x" })), stall()]],
    ])("%s, stops the model", async (_, steps) => {
      const asked = Promise.withResolvers<ReceivedRequest>();
      agent.answer(callingAs(call("a", "mcp_add")), (request) => {
        asked.resolve(request);
        return steps;
      });
      const leftAt = await leave(() => asked.promise);
      const closing = await agent.rig.provider.connectionClosed((await asked.promise).connection, leftAt);
      expect(closing.by).toBe("peer");
    });
  });
});

test("a client that reads slowly holds a later round back", async () => {
  const asked = Promise.withResolvers<ReceivedRequest>();
  agent.answer(callingStream(call("a", "mcp_add")), (request) => {
    asked.resolve(request);
    return [head(200, EVENT_STREAM), chunk(delta({ content: "x" })), flood(64 * 1024 * 1024)];
  });
  const { client, id } = await agent.rig.call({ target: "/v1/chat/completions", body: STREAM });
  await client.head();
  client.pause();
  const { connection } = await asked.promise;
  expect(await agent.rig.provider.heldBack(connection, { quiet: 100 })).toBeLessThan(32 * 1024 * 1024);
  client.leave();
  expect(await agent.rig.settled(id)).toMatchObject({ outcome: expect.stringMatching(/client_gone|cut/) });
});

test("a client has every delta when the provider has said it", async () => {
  const gates = [createGate(), createGate(), createGate()] as const;
  agent.answer(
    stream(
      [
        delta({ role: "assistant", content: "one" }),
        delta({ tool_calls: [{ index: 0, ...SLOW }] }),
        delta({}, "tool_calls"),
      ],
      {
        gaps: [undefined, gates[0]],
      },
    ),
    stream([delta({ content: "two" }), delta({ content: "three" }), delta({}, "stop")], { gaps: [gates[1], gates[2]] }),
  );
  const { client } = await agent.rig.call({ target: "/v1/chat/completions", body: STREAM });
  const next = async (): Promise<string> => Buffer.from((await client.nextBytes()) ?? []).toString();
  expect(await next()).toContain('"one"');
  gates[0].open();
  (await toolsBegan(1))[0]?.end("done");
  gates[1].open();
  expect(await next()).toContain('"two"');
  gates[2].open();
  const third = await next();
  expect(third).toContain('"three"');
  const { text, complete } = await client.body();
  expect([eventsOf(third + text).at(-1), complete]).toEqual(["[DONE]", true]);
});

test("a client that leaves with its last event has been answered, and all that was used is booked", async () => {
  const usage = (tokens: number): string =>
    delta({}, null, { choices: [], usage: { prompt_tokens: tokens, completion_tokens: 0, total_tokens: tokens } });
  const [first, second] = [
    [delta({ tool_calls: [{ index: 0, ...call("a", "mcp_add") }] }, "tool_calls"), usage(10)],
    [delta({ content: "ok" }, "stop"), usage(20), "data: [DONE]\n\n"],
  ] as const;
  agent.answer(stream(first), [head(200, EVENT_STREAM), ...second.map((event) => chunk(event)), stall()]);
  const { client, id } = await agent.rig.call({ target: "/v1/chat/completions", body: STREAM });
  for (let seen = ""; !seen.includes("[DONE]");) seen += Buffer.from((await client.nextBytes()) ?? []).toString();
  client.leave();
  expect(await agent.rig.settled(id)).toMatchObject({ outcome: "answered", total_tokens: 30 });
});

test("a shutdown ends the tools and tells the client", async () => {
  await using stopping = await startAgentRig({ SERVER_SHUTDOWN_TIMEOUT: "100ms" }, [
    {
      name: "slow",
      run: () => {
        began.resolve();
        return new Promise<never>(() => {});
      },
    },
  ]);
  began = Promise.withResolvers();
  stopping.answer(callingStream(SLOW));
  const { client, id } = await stopping.rig.call({ target: "/v1/chat/completions", body: STREAM });
  await client.head();
  await within(began.promise, 2000, "the tool to begin");
  const ending = stopping.rig.gateway.end();
  const { text } = await client.body();
  expect(eventsOf(text).at(-1)).toMatchObject({ error: { code: "shutting_down" } });
  expect(await stopping.rig.settled(id)).toMatchObject({ outcome: "cut", failure: "shutting_down" });
  expect(await ending).toBe(3);
});
