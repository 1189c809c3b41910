import { afterAll, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { AnswerEvent } from "../../src/formats/form/answer-events.ts";
import type { Block, Seal } from "../../src/formats/form/blocks.ts";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import type { Principal } from "../../src/core/request-context.ts";
import { createReplayCache, ownerOf } from "../../src/pipeline/translate/replay-cache.ts";
import { json, sse } from "../fixtures/answers.ts";
import { startTranslating } from "./translating-gateway.ts";

const SEAL: Seal = { origin: "p/messages", kind: "signature", value: "SIGNATURE==" };
const THOUGHT: Block = { type: "thinking", text: "I look first.", seal: SEAL };
const call = (id: string, seal?: Seal): Block => ({
  ...({ type: "call", id, name: "read", input: "{}", kind: "function" } as const),
  ...(seal && { seal }),
});

function open(maxBytes = 10_000) {
  let time = 0;
  const cache = createReplayCache({ maxBytes, now: () => time });
  if (!cache) throw new Error("there is none");
  const restore = (owner: string, ...blocks: Block[]): readonly Block[] => {
    const conversation = CHAT_DIALECT.readRequest({ model: "m", messages: [{ role: "user", content: "x" }] });
    const turns = [...conversation.turns, { role: "assistant", blocks } as const];
    return cache.restore(owner, { ...conversation, turns }).turns[1]?.blocks ?? [];
  };
  return { cache, restore, wait: (milliseconds: number) => (time += milliseconds) };
}

describe("what a client has lost comes back", () => {
  const TEXT: Block = { type: "text", text: "Let me see." };

  test("to the place before its call, in place of thoughts without a seal", () => {
    const { cache, restore } = open();
    cache.remember("key a", [THOUGHT, TEXT, call("1"), call("2", SEAL)]);
    expect(restore("key a", TEXT, call("1"), call("2"))).toEqual([TEXT, THOUGHT, call("1"), call("2", SEAL)]);
    const bare: Block = { type: "thinking", text: "I look first.", seal: undefined };
    expect(restore("key a", bare, call("1"))).toEqual([THOUGHT, call("1")]);
  });

  test("of a stream as of a whole answer", () => {
    const { cache, restore } = open();
    const events: AnswerEvent[] = [
      { type: "start", id: "x", model: "m" },
      { type: "open", block: 0, opened: { type: "thinking" } },
      { type: "piece", block: 0, text: "I look " },
      { type: "piece", block: 0, text: "first." },
      { type: "seal", block: 0, seal: SEAL },
      { type: "close", block: 0 },
      { type: "open", block: 1, opened: { type: "text", isRefusal: false } },
      { type: "piece", block: 1, text: "Let me see." },
      { type: "open", block: 2, opened: { type: "call", id: "1", name: "read", kind: "function" } },
      { type: "piece", block: 2, text: "{}" },
      { type: "seal", block: 2, seal: SEAL },
      { type: "stop", stop: { reason: "tool" } },
    ];
    const listen = cache.listen("");
    for (const event of events.slice(0, -1)) listen(event);
    expect(restore("", call("1"))).toEqual([call("1")]);
    for (const event of events.slice(-1)) listen(event);
    expect(restore("", call("1"))).toEqual([THOUGHT, call("1", SEAL)]);
  });

  test("never to somebody else, nor if the client has kept its own", () => {
    const { cache, restore } = open();
    cache.remember("key a", [THOUGHT, call("1")]);
    expect(restore("key b", call("1"))).toEqual([call("1")]);
    const own: Block = { type: "thinking", text: "mine", seal: { ...SEAL, value: "OWN" } };
    expect(restore("key a", own, call("1"))).toEqual([own, call("1")]);
  });

  test("not after an hour", () => {
    const { cache, restore, wait } = open();
    cache.remember("", [THOUGHT, call("1")]);
    wait(60 * 60 * 1000 - 1);
    expect(restore("", call("1"))).toHaveLength(2);
    wait(1);
    expect(restore("", call("1"))).toHaveLength(1);
  });

  test("unless there was no room: what was used longest ago goes first", () => {
    const { cache, restore } = open(1000);
    for (const id of ["1", "2", "3"]) cache.remember("", [THOUGHT, call(id)]);
    expect(restore("", call("1"))).toHaveLength(2);
    cache.remember("", [THOUGHT, call("4")]);
    expect(["1", "2", "3", "4"].map((id) => restore("", call(id)).length)).toEqual([2, 1, 2, 2]);
    cache.remember("", [{ type: "thinking", text: "x".repeat(1000), seal: SEAL }, call("1")]);
    expect(restore("", call("1"))).toHaveLength(1);
    const listen = cache.listen("");
    listen({ type: "open", block: 0, opened: { type: "thinking" } });
    for (let index = 0; index < 600; index++) listen({ type: "piece", block: 0, text: "x" });
    listen({ type: "seal", block: 0, seal: SEAL });
    listen({ type: "open", block: 1, opened: { type: "call", id: "5", name: "read", kind: "function" } });
    listen({ type: "stop", stop: { reason: "tool" } });
    expect(restore("", call("5"))).toHaveLength(1);
  });

  test("not what has no seal", () => {
    const { cache, restore } = open();
    cache.remember("", [{ type: "thinking", text: "t", seal: undefined }, call("1")]);
    expect(restore("", call("1"))).toEqual([call("1")]);
    expect(createReplayCache({ maxBytes: 0, now: () => 0 })).toBeUndefined();
  });
});

describe("a chat client that knows of no thoughts, on the Messages API", () => {
  const started = startTranslating({ REPLAY_CACHE_BYTES: "1MiB" }, { dialects: DIALECTS });
  afterAll(async () => (await started)[Symbol.asyncDispose]());
  const usage = { input_tokens: 1, output_tokens: 1 };
  const thinking = { type: "thinking", thinking: "I look first.", signature: "SIGNATURE==" };
  const use = { type: "tool_use", id: "toolu_1", name: "read", input: {} };

  test.each([false, true])("gives its provider the signature back (stream: %p)", async (stream) => {
    const { post, answerWith, takeCalls } = await started;
    const base = { id: "msg_1", type: "message", role: "assistant", model: "m", stop_sequence: null, usage };
    answerWith(
      stream
        ? sse(
            [
              { type: "message_start", message: { ...base, content: [], stop_reason: null } },
              { type: "content_block_start", index: 0, content_block: { ...thinking, thinking: "", signature: "" } },
              { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "I look first." } },
              { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "SIGNATURE==" } },
              { type: "content_block_stop", index: 0 },
              { type: "content_block_start", index: 1, content_block: use },
              { type: "content_block_stop", index: 1 },
              { type: "message_delta", delta: { stop_reason: "tool_use" }, usage },
              { type: "message_stop" },
            ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`),
            { done: false },
          )
        : json(200, { ...base, content: [thinking, use], stop_reason: "tool_use" }),
    );
    const ask = {
      model: "messaging/claude-sonnet-4-5",
      stream,
      reasoning_effort: "low",
      tools: [{ type: "function", function: { name: "read", parameters: { type: "object" } } }],
    };
    const user = { role: "user", content: "hi" };
    await (await post("/v1/chat/completions", { ...ask, messages: [user] })).text();
    const called = { id: "toolu_1", type: "function", function: { name: "read", arguments: "{}" } };
    await (
      await post("/v1/chat/completions", {
        ...ask,
        messages: [
          user,
          { role: "assistant", content: null, tool_calls: [called] },
          { role: "tool", tool_call_id: "toolu_1", content: "seen" },
        ],
      })
    ).text();
    const [, second] = takeCalls();
    const body = JSON.parse(Buffer.from(second?.body ?? "").toString());
    expect(body.messages[1]).toEqual({ role: "assistant", content: [thinking, use] });
    expect(body.thinking).toMatchObject({ type: "enabled" });
  });
});

test("each client is another owner", () => {
  const principals: readonly (Principal | undefined)[] = [
    undefined,
    { kind: "key", name: "a" },
    { kind: "key", name: "key-1", fingerprint: "x" },
    { kind: "key", name: "key-1", fingerprint: "y" },
    { kind: "token", name: "a", issuer: "https://one.test" },
    { kind: "token", name: "a", issuer: "https://other.test" },
  ];
  expect(new Set(principals.map((principal) => ownerOf({ principal }))).size).toBe(principals.length);
});

test.each<[string, (hear: (event: AnswerEvent) => void) => void]>([
  [
    "blocks",
    (hear) => {
      for (let block = 1; block < 100; block += 1) hear({ type: "open", block, opened: { type: "thinking" } });
    },
  ],
  ["seals", (hear) => hear({ type: "seal", block: 0, seal: { ...SEAL, value: "s".repeat(10_000) } })],
])("of a stream with %s without measure nothing is kept", (_, fill) => {
  const { cache, restore } = open();
  const hear = cache.listen("key a");
  hear({ type: "open", block: 0, opened: { type: "thinking" } });
  fill(hear);
  hear({ type: "open", block: 100, opened: { type: "call", id: "1", name: "read", kind: "function" } });
  hear({ type: "seal", block: 100, seal: SEAL });
  hear({ type: "stop", stop: { reason: "tool" } });
  expect(restore("key a", call("1"))).toEqual([call("1")]);
});
