import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { sse } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import type { ReceivedRequest } from "../../fixtures/http-request-parser.ts";
import { chunk, flood, head, stall } from "../../fixtures/script.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { within } from "../../fixtures/within.ts";
import { text as textResult } from "../mcp/mcp-server.ts";
import { type AgentRig, startAgentRig, textOf } from "./loop-rig.ts";
import { call, says, text } from "./model-answers.ts";

/** A tool that ends when the test, or its caller, ends it. */
interface RunningTool {
  readonly signal: AbortSignal;
  end(result: string): void;
}

let began = Promise.withResolvers<RunningTool>();
const clock = createManualClock();
let agent: AgentRig;
beforeAll(async () => {
  const run = (_: JsonObject, signal: AbortSignal): Promise<JsonObject> => {
    const { promise, resolve } = Promise.withResolvers<JsonObject>();
    signal.addEventListener("abort", () => resolve(textResult("aborted")));
    began.resolve({ signal, end: (result) => resolve(textResult(result)) });
    return promise;
  };
  const long = (): JsonObject => textResult("x".repeat(39 * 1024));
  agent = await startAgentRig(
    {
      ...{ OPENAI_APIS: "messages", MCP_REQUEST_TIMEOUT: "100s", STREAM_KEEPALIVE: "5s" },
      ...{ MCP_MAX_CONVERSATION_BYTES: "64KiB", MCP_MAX_RESULT_BYTES: "40KiB", MCP_MAX_ITERATIONS: "50" },
    },
    [
      { name: "slow", run },
      { name: "long", run: long },
    ],
    clock,
  );
});
afterAll(async () => {
  await agent.finish();
  await agent[Symbol.asyncDispose]();
});

const toolBegan = async (): Promise<RunningTool> => {
  const tool = await within(began.promise, 2000, "the tool to begin");
  began = Promise.withResolvers();
  return tool;
};

const SLOW = call("s", "mcp_slow");
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const CLIENTS = [
  ["/v1/messages", { model: "openai/m", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] }],
  ["/v1/responses", { model: "openai/m", input: "Hi", store: false }],
  ["/v1/chat/completions", { model: "openai/m", messages: [{ role: "user", content: "Hi" }] }],
] as const;

/** The events of a stream of the provider. */
const eventsOf = (...blocks: Parameters<typeof says>[2]): Uint8Array[] =>
  says("messages", true, blocks).flatMap((step) => ("bytes" in step ? [step.bytes] : []));

describe.each(CLIENTS)("a client of %s", (target, body) => {
  const STREAM = { ...body, stream: true };

  test("has every word when the provider has said it, and signs of life while a tool runs", async () => {
    const gate = createGate();
    const first = eventsOf(text("one"), SLOW);
    const at = first.findIndex((event) => Buffer.from(event).includes("mcp_slow"));
    agent.answer(sse(first, { gaps: first.map((_, index) => (index === at ? gate : undefined)) }));
    agent.answer(says("messages", true, [text("two")]));
    const { client } = await agent.rig.call({ target, body: STREAM });
    let seen = "";
    const until = async (word: string): Promise<void> => {
      while (!seen.includes(word)) {
        seen += Buffer.from((await within(client.nextBytes(), 2000, word)) ?? []).toString();
      }
    };
    await until("one");
    gate.open();
    const tool = await toolBegan();
    await clock.advance(5100);
    await until(target === "/v1/messages" ? "event: ping" : "\n\n:");
    tool.end("done");
    await until("two");
    const { complete } = await client.body();
    expect(complete).toBe(true);
    expect(seen).not.toContain("mcp_slow");
  });

  test.each([false, true])(
    "that leaves while a tool runs stops it, and the model is not asked again (%p)",
    async (streams) => {
      agent.answer(says("messages", streams, [text("wait"), SLOW]));
      const before = agent.rig.provider.requests.length;
      const { client, id } = await agent.rig.call({ target, body: { ...body, stream: streams } });
      const { signal } = await toolBegan();
      client.leave();
      expect(await agent.rig.settled(id)).toMatchObject({ outcome: "client_gone" });
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      });
      await within(aborted, 2000, "the tool to be stopped");
      expect(agent.rig.provider.requests.length).toBe(before + 1);
    },
  );

  test("that leaves amid a later round stops the model", async () => {
    const asked = Promise.withResolvers<ReceivedRequest>();
    agent.answer(says("messages", true, [call("a", "mcp_add")]), (request) => {
      asked.resolve(request);
      return [
        head(200, EVENT_STREAM),
        ...eventsOf(text("x"))
          .slice(0, 3)
          .map((event) => chunk(event)),
        stall(),
      ];
    });
    const { client, id } = await agent.rig.call({ target, body: STREAM });
    const { connection } = await asked.promise;
    const leftAt = performance.now();
    client.leave();
    expect((await agent.rig.provider.connectionClosed(connection, leftAt)).by).toBe("peer");
    expect(await agent.rig.settled(id)).toMatchObject({ outcome: "client_gone" });
  });

  test("that reads slowly holds a later round back", async () => {
    const asked = Promise.withResolvers<ReceivedRequest>();
    agent.answer(says("messages", true, [text("a"), call("a", "mcp_add")]), (request) => {
      asked.resolve(request);
      return [
        head(200, EVENT_STREAM),
        ...eventsOf(text("x"))
          .slice(0, 3)
          .map((event) => chunk(event)),
        flood(1 << 26),
      ];
    });
    const { client, id } = await agent.rig.call({ target, body: STREAM });
    await client.head();
    client.pause();
    const { connection } = await asked.promise;
    client.leave();
    await agent.rig.settled(id);
    expect(agent.rig.provider.bytesWritten(connection)).toBeLessThan(1 << 26);
  });

  test.each([false, true])(
    "whose tools say too much has results cut, and the model asked a last time (%p)",
    async (streams) => {
      const calls = ["a", "b", "c"].map((id) => call(id, "mcp_long"));
      agent.answer(says("messages", streams, calls), says("messages", streams, [text("Found.")]));
      const { text: got } = await agent.post(target, { ...body, stream: streams });
      expect(got).toContain("Found.");
      const [first, second] = agent.asked().map(textOf);
      const grown = (second ?? "").length - (first ?? "").length;
      expect(grown).toBeGreaterThan(32 * 1024);
      expect(grown).toBeLessThan(66 * 1024);
      expect(second?.match(/\[cut: the first \d+ of \d+ bytes\]/g)).toHaveLength(2);
      expect(second).toContain('"tool_choice":{"type":"none"}');
    },
  );

  test("whose model calls tools at too great length is told so in its stream", async () => {
    agent.answer(says("messages", true, [text("Hm."), call("a", "mcp_add", { a: "x".repeat(80 * 1024) })]));
    const { text: got } = await agent.post(target, STREAM);
    expect(got).toContain("MCP_MAX_CONVERSATION_BYTES");
    expect(got).not.toMatch(/message_stop|response\.completed/);
  });
});
