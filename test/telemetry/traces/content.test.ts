import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { KEY } from "../../routes/started-gateway.ts";
import { split, startTraced, type TracedGateway } from "./traced-gateway.ts";

let traced: TracedGateway;
beforeAll(async () => {
  traced = await startTraced({ TELEMETRY_CAPTURE_CONTENT: "true" });
});
beforeEach(() => {
  traced.started.takeCalls();
});
afterAll(() => traced[Symbol.asyncDispose]());

/** What the span of the call says was asked and answered. */
async function said(path: string, body: object): Promise<readonly unknown[]> {
  await (await traced.started.post(path, body)).text();
  const [{ attributes } = { attributes: {} as Readonly<Record<string, unknown>> }] = split(await traced.spans()).steps;
  return ["gen_ai.input.messages", "gen_ai.output.messages"].map((name) => {
    const text = attributes[name];
    return text === undefined ? undefined : (JSON.parse(String(text)) as unknown);
  });
}

const says = (role: string, ...texts: string[]) => ({
  role,
  parts: texts.map((content) => ({ type: "text", content })),
});

describe("what is asked and answered is in the span of the call", () => {
  const CALL = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  const CALLED = { type: "tool_call", id: "c", name: "f", arguments: "{}" };

  test("of Chat Completions", async () => {
    traced.started.answerWith(
      json(200, { choices: [{ message: { role: "assistant", content: "hi", tool_calls: [CALL] } }] }),
    );
    const messages = [
      { role: "system", content: "be brief" },
      { role: "user", content: [{ type: "text", text: "hello" }] },
    ];
    expect(await said("/v1/chat/completions", { model: "openai/m", messages })).toEqual([
      [says("system", "be brief"), says("user", "hello")],
      [{ role: "assistant", parts: [{ type: "text", content: "hi" }, CALLED] }],
    ]);
  });

  test("of a stream", async () => {
    const chunk = (content: string) => dataEvent({ choices: [{ index: 0, delta: { content } }] });
    traced.started.answerWith(
      sse([chunk("he"), chunk("llo"), dataEvent({ choices: [{ delta: {}, finish_reason: "stop" }] })], { done: true }),
    );
    const body = { model: "openai/m", stream: true, messages: [{ role: "user", content: "x" }] };
    expect(await said("/v1/chat/completions", body)).toEqual([[says("user", "x")], [says("assistant", "hello")]]);
  });

  test("of Messages", async () => {
    const content = [
      { type: "text", text: "a" },
      { type: "tool_use", id: "c", name: "f", input: {} },
    ];
    traced.started.answerWith(json(200, { type: "message", role: "assistant", content, stop_reason: "end_turn" }));
    const body = { model: "anthropic/m", max_tokens: 1, system: "s", messages: [{ role: "user", content: "x" }] };
    expect(await said("/v1/messages", body)).toEqual([
      [says("system", "s"), says("user", "x")],
      [{ role: "assistant", parts: [{ type: "text", content: "a" }, CALLED] }],
    ]);
  });

  test("of Responses", async () => {
    const output = [
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
    ];
    traced.started.answerWith(json(200, { object: "response", status: "completed", output }));
    expect(await said("/v1/responses", { model: "openai/m", input: "x" })).toEqual([
      [says("user", "x")],
      [says("assistant", "a"), { role: "assistant", parts: [CALLED] }],
    ]);
  });
});

test("it is bounded, and has no key of a provider", async () => {
  const long = "x".repeat(30_000);
  traced.started.answerWith(
    json(200, { choices: [{ message: { content: `${"y".repeat(16 * 1024 - 20)}${KEY} ${long}` } }] }),
  );
  const [asked, answered] = await said("/v1/chat/completions", {
    model: "openai/m",
    messages: [
      { role: "user", content: `${KEY} ${long}` },
      { role: "user", content: "more" },
    ],
  });
  for (const text of [asked, answered].map((messages) => JSON.stringify(messages))) {
    expect(text.length).toBeWithin(16_000, 17_000);
    expect(text).not.toContain(KEY.slice(0, 10));
    expect(text).not.toContain("more");
  }
});

test("a body that nobody understands, or that is too long, is left out", async () => {
  traced.started.answerWith(json(200, "[1]"));
  const body = { model: "openai/e", input: "z".repeat(300_000) };
  expect(await said("/v1/embeddings", body)).toEqual([undefined, undefined]);
});
