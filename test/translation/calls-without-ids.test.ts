import { afterAll, beforeAll, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "chatty,messaging,responding,generating,conversing,cohering",
    CHATTY_API_URL: `${url}/v1`,
    MESSAGING_API_URL: `${url}/v1`,
    MESSAGING_APIS: "messages",
    RESPONDING_API_URL: `${url}/v1`,
    RESPONDING_APIS: "responses",
    GENERATING_API_URL: `${url}/v1beta`,
    GENERATING_APIS: "generate",
    CONVERSING_API_URL: `${url}/v1`,
    CONVERSING_APIS: "converse",
    COHERING_API_URL: `${url}/v2`,
    COHERING_APIS: "cohere",
  }));
});
afterAll(() => started[Symbol.asyncDispose]());

const ASK = { messages: [{ role: "user", content: "hi" }], max_tokens: 9 };

interface Call {
  readonly id: string;
}

/** Two calls of one tool, each with this id, or with none. */
const ANSWERS: Readonly<Record<string, (id: unknown) => object>> = {
  chatty: (id) => {
    const call = { id, type: "function", function: { name: "f", arguments: "{}" } };
    return { choices: [{ message: { role: "assistant", tool_calls: [call, call] }, finish_reason: "tool_calls" }] };
  },
  messaging: (id) => {
    const call = { type: "tool_use", id, name: "f", input: {} };
    return { type: "message", role: "assistant", content: [call, call], stop_reason: "tool_use", usage: {} };
  },
  responding: (id) => {
    const call = { type: "function_call", call_id: id, name: "f", arguments: "{}" };
    return { object: "response", status: "completed", output: [call, call] };
  },
  generating: (id) => {
    const call = { functionCall: { id, name: "f", args: {} } };
    return { candidates: [{ content: { parts: [call, call] }, finishReason: "STOP" }] };
  },
  conversing: (id) => {
    const call = { toolUse: { toolUseId: id, name: "f", input: {} } };
    return { output: { message: { content: [call, call] } }, stopReason: "tool_use", usage: {} };
  },
  cohering: (id) => {
    const call = { id, type: "function", function: { name: "f", arguments: "{}" } };
    return { message: { role: "assistant", tool_calls: [call, call] }, finish_reason: "TOOL_CALL" };
  },
};

for (const [provider, answer] of Object.entries(ANSWERS)) {
  test.each([undefined, null, "", 7])(
    `calls of ${provider} with the id %p have one each, by which results name them`,
    async (id) => {
      started.answerWith(json(200, answer(id)));
      const isMessages = provider === "chatty";
      const response = await started.post(isMessages ? "/v1/messages" : "/v1/chat/completions", {
        model: `${provider}/m`,
        ...ASK,
      });
      const body = (await response.json()) as {
        readonly content: readonly Call[];
        readonly choices: readonly { readonly message: { readonly tool_calls: readonly Call[] } }[];
      };
      const calls = isMessages ? body.content : (body.choices[0]?.message.tool_calls ?? []);
      expect(calls.map((call) => call.id)).toEqual([
        expect.stringMatching(/^\w{4,}$/),
        expect.stringMatching(/^\w{4,}$/),
      ]);
      expect(calls[0]?.id).not.toBe(calls[1]?.id);
    },
  );
}

test.each(["", null])("so have those of a stream, with the id %p", async (id) => {
  const call = (index: number) => [
    dataEvent({ type: "content_block_start", index, content_block: { type: "tool_use", id, name: "f", input: {} } }),
    dataEvent({ type: "content_block_stop", index }),
  ];
  const end = [
    dataEvent({ type: "message_delta", delta: { stop_reason: "tool_use" } }),
    dataEvent({ type: "message_stop" }),
  ];
  started.answerWith(sse([dataEvent({ type: "message_start", message: {} }), ...call(0), ...call(1), ...end]));
  for (const [path, pattern] of [
    ["/v1/chat/completions", /"tool_calls":\[\{"index":\d,"id":"(\w{4,})"/g],
    ["/v1/responses", /"type":"response.output_item.added".*"call_id":"(\w{4,})"/g],
  ] as const) {
    const response = await started.post(path, { model: "messaging/m", ...ASK, input: "hi", stream: true });
    const ids = [...(await response.text()).matchAll(pattern)].map(([, found]) => found);
    expect([path, ids.length, new Set(ids).size]).toEqual([path, 2, 2]);
  }
});
