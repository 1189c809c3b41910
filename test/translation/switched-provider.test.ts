import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { json } from "../fixtures/answers.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { ROUTES, startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

let started: TranslatingGateway;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
  openai = new OpenAI({ baseURL: `${started.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: started.gateway.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => started[Symbol.asyncDispose]());

const SEALED_MESSAGE = {
  id: "m",
  type: "message",
  role: "assistant",
  model: "m",
  content: [
    { type: "thinking", thinking: "so", signature: "SEAL" },
    { type: "redacted_thinking", data: "RED" },
    { type: "tool_use", id: "c1", name: "f", input: {} },
  ],
  stop_reason: "tool_use",
  usage: { input_tokens: 3, output_tokens: 6 },
};

const SEALED_RESPONSE = {
  id: "r",
  object: "response",
  status: "completed",
  model: "m",
  output: [
    { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "so" }], encrypted_content: "SEAL" },
    { id: "fc", type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
  ],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};

const QUESTION = { role: "user" as const, content: "q" };

/** What a provider that has the client's own API is sent. */
async function sentTo(post: () => Promise<unknown>): Promise<Record<string, unknown>> {
  started.answerWith(json(400, { error: { message: "enough" } }));
  started.takeCalls();
  await post().catch(() => undefined);
  const [call] = started.takeCalls();
  return JSON.parse(call ? bodyText(call) : "{}") as Record<string, unknown>;
}

describe("a conversation that goes on with a provider of the client's own API does not carry another one's seals", () => {
  test("in Messages", async () => {
    started.answerWith(json(200, SEALED_RESPONSE));
    const { content } = await anthropic.messages.create({ model: "responding/m", max_tokens: 5, messages: [QUESTION] });
    expect(JSON.stringify(content)).toContain('"gw1.');
    const result = { type: "tool_result" as const, tool_use_id: "c1", content: "ok" };
    const { messages } = await sentTo(() =>
      anthropic.messages.create({
        model: "relayed/m",
        max_tokens: 5,
        messages: [QUESTION, { role: "assistant", content }, { role: "user", content: [result] }],
      }),
    );
    expect(messages).toEqual([
      QUESTION,
      { role: "assistant", content: content.filter(({ type }) => type === "tool_use") },
      { role: "user", content: [result] },
    ]);
  });

  test("in Messages, where nothing but seals is left of a turn", async () => {
    const { messages } = await sentTo(() =>
      anthropic.messages.create({
        model: "relayed/m",
        max_tokens: 5,
        messages: [
          QUESTION,
          { role: "assistant", content: [{ type: "redacted_thinking", data: "gw1.a/responses.encrypted.U0VBTA" }] },
          QUESTION,
        ],
      }),
    );
    expect(messages).toEqual([QUESTION, QUESTION]);
  });

  test("in Responses", async () => {
    started.answerWith(json(200, SEALED_MESSAGE));
    const { output } = await openai.responses.create({ model: "messaging/m", input: [QUESTION] });
    expect(JSON.stringify(output)).toContain('"gw1.');
    const result = { type: "function_call_output" as const, call_id: "c1", output: "ok" };
    const { input } = await sentTo(() =>
      openai.responses.create({
        model: "relayed/m",
        input: [QUESTION, ...(output as OpenAI.Responses.ResponseInput), result],
      }),
    );
    expect(input).toEqual([QUESTION, ...output.filter(({ type }) => type === "function_call"), result]);
  });

  test("in Chat Completions, whose thoughts stay as text", async () => {
    started.answerWith(json(200, SEALED_MESSAGE));
    const { choices } = await openai.chat.completions.create({ model: "messaging/m", messages: [QUESTION] });
    const message = choices[0]?.message as OpenAI.ChatCompletionMessage;
    expect(JSON.stringify(message)).toContain('"gw1.');
    const { reasoning_details: _, ...rest } = message as OpenAI.ChatCompletionMessage & { reasoning_details: unknown };
    const result = { role: "tool" as const, tool_call_id: "c1", content: "ok" };
    const { messages } = await sentTo(() =>
      openai.chat.completions.create({ model: "relayed/m", messages: [QUESTION, message, result] }),
    );
    expect(messages).toEqual([QUESTION, rest, result]);
  });

  test("in Chat Completions, in its calls", async () => {
    const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
    const sealed = (signature: string): object => ({
      ...call,
      extra_content: { google: { thought_signature: signature } },
    });
    const assistant = (calls: readonly object[]): object => ({ role: "assistant", content: null, tool_calls: calls });
    const { messages } = await sentTo(() =>
      started.post(ROUTES.chat, {
        model: "relayed/m",
        messages: [QUESTION, assistant([sealed("gw1.a/responses.signature.U0VBTA"), sealed("own")])],
      }),
    );
    expect(messages).toEqual([QUESTION, assistant([call, sealed("own")])]);
  });
});

test("what only looks like a seal is relayed byte for byte", async () => {
  const text = '"gw1.';
  const block = { type: "tool_use", id: "c", name: "f", input: { data: "gw1.a/b.signature.U0VBTA" } };
  const content = [{ type: "thinking", thinking: text, signature: "gw1.is not one" }, block];
  const body = { model: "m", max_tokens: 1, messages: [QUESTION, { role: "assistant", content }] };
  started.answerWith(json(200, {}));
  started.takeCalls();
  const sent = JSON.stringify(body).replace('"max_tokens":1', '"max_tokens": 1.0');
  await fetch(`${started.gateway.url}/v1/messages?provider=relayed`, { method: "POST", body: sent });
  const [call] = started.takeCalls();
  expect(call && bodyText(call)).toBe(sent);
});
