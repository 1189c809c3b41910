import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { ANSWER_TOOL } from "../../src/formats/form/forced-answer.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

let started: TranslatingGateway;
let client: OpenAI;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
  client = new OpenAI({ baseURL: `${started.gateway.url}/v1`, apiKey: "unused", maxRetries: 0 });
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const MODEL = "messaging/claude-sonnet-4";
const ANSWER = { city: "Oslo", degrees: 4 };
const usage = { input_tokens: 9, output_tokens: 5 };
const head = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4" };
const used = { type: "tool_use", id: "toolu_1", name: ANSWER_TOOL };

const WHOLE = json(200, { ...head, content: [{ ...used, input: ANSWER }], stop_reason: "tool_use", usage });

const pieces = JSON.stringify(ANSWER).match(/.{1,7}/g) ?? [];
const STREAM = sse([
  dataEvent({ type: "message_start", message: { ...head, content: [], usage } }),
  dataEvent({ type: "content_block_start", index: 0, content_block: { ...used, input: {} } }),
  ...pieces.map((partial_json) =>
    dataEvent({ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json } }),
  ),
  dataEvent({ type: "content_block_stop", index: 0 }),
  dataEvent({ type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage }),
  dataEvent({ type: "message_stop" }),
]);

describe("JSON of a model that can be held to it only by a tool", () => {
  const messages = [{ role: "user" as const, content: "How warm is it in Oslo?" }];

  test("is the text of a chat client's answer", async () => {
    started.answerWith(WHOLE);
    const { data, response } = await client.chat.completions
      .create({ model: MODEL, messages, response_format: { type: "json_object" } })
      .withResponse();
    expect(data.choices[0]).toMatchObject({
      message: { content: JSON.stringify(ANSWER) },
      finish_reason: "stop",
    });
    expect(data.choices[0]?.message.tool_calls).toBeUndefined();
    expect(response.headers.get("x-gateway-adjusted")).toBe("response_format");
    const [call] = started.takeCalls();
    expect(call && JSON.parse(bodyText(call))).toMatchObject({
      tools: [{ name: ANSWER_TOOL, input_schema: { type: "object" } }],
      tool_choice: { type: "tool", name: ANSWER_TOOL },
    });
  });

  test("comes in pieces in a chat client's stream", async () => {
    started.answerWith(STREAM);
    const stream = client.chat.completions.stream({ model: MODEL, messages, response_format: { type: "json_object" } });
    const deltas: string[] = [];
    stream.on("content", (delta) => deltas.push(delta));
    const completion = await stream.finalChatCompletion();
    expect(deltas.filter((delta) => delta !== "")).toEqual(pieces);
    expect(completion.choices[0]).toMatchObject({
      message: { content: JSON.stringify(ANSWER) },
      finish_reason: "stop",
    });
  });

  test("is the text of a response", async () => {
    const text = {
      format: {
        type: "json_schema" as const,
        name: "weather",
        schema: { type: "object", properties: { city: { type: "string" } } },
      },
    };
    started.answerWith(WHOLE);
    const whole = await client.responses.create({ model: MODEL, input: "How warm is it in Oslo?", text });
    expect(whole.output_text).toBe(JSON.stringify(ANSWER));
    expect(whole.output.map(({ type }) => type)).toEqual(["message"]);
    started.answerWith(STREAM);
    const streamed = await client.responses.stream({ model: MODEL, input: "How warm?", text }).finalResponse();
    expect(streamed.output_text).toBe(JSON.stringify(ANSWER));
    expect(streamed.status).toBe("completed");
  });
});
