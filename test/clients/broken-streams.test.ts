import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { dataEvent } from "../fixtures/answers.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, close, end, head, type Step } from "../fixtures/script.ts";
import { startRig } from "./start-rig.ts";

const rig = await startRig();
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(() => rig.reset());

const openai = new OpenAI({ baseURL: rig.baseUrl, apiKey: "sk-client", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: rig.gateway.url, apiKey: "sk-client", maxRetries: 0 });
const MESSAGE = "The upstream server closed the connection before its answer was complete";

/** Streams that end, in ways that look well, before they are whole. */
const ENDS: readonly (readonly [string, (events: string) => Step[]])[] = [
  [
    "by the last chunk",
    (events) => [
      head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }),
      chunk(events),
      end(),
    ],
  ],
  [
    "by the close of the connection",
    (events) => [head(200, { "content-type": "text/event-stream", connection: "close" }), chunk(events), close()],
  ],
];

/** What a stream gave before it failed, and what it failed with. */
async function readAll<Event>(stream: AsyncIterable<Event>) {
  const events: Event[] = [];
  const error = await rejectionOf(
    (async () => {
      for await (const event of stream) events.push(event);
    })(),
  );
  return { events, error };
}

describe.each(ENDS)("a stream that ends too soon, %s, is an error to the official clients", (_, script) => {
  test("of chat completions", async () => {
    const delta = { role: "assistant", content: "a" };
    rig.answer(script(dataEvent({ id: "c", choices: [{ index: 0, delta, finish_reason: null }] })));
    const messages = [{ role: "user" as const, content: "hi" }];
    const { events, error } = await readAll(
      await openai.chat.completions.create({ model: "openai/gpt-4o", messages, stream: true }),
    );
    expect(events).toHaveLength(1);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: "upstream_reset", message: expect.stringContaining(MESSAGE) });
  });

  test("of messages", async () => {
    const message = { id: "m", type: "message", role: "assistant", content: [], usage: { input_tokens: 1 } };
    rig.answer(script(dataEvent({ type: "message_start", message }, "message_start")));
    const { events, error } = await readAll(
      await anthropic.messages.create({
        model: "anthropic/claude",
        max_tokens: 5,
        messages: [{ role: "user", content: "hi" }],
        stream: true,
      }),
    );
    expect(events).toHaveLength(1);
    expect(String(error)).toContain(MESSAGE);
  });

  test("of responses, which first tells what there was of the response", async () => {
    const response = { id: "resp_1", object: "response", status: "in_progress", output: [], model: "m" };
    rig.answer(script(dataEvent({ type: "response.created", sequence_number: 0, response }, "response.created")));
    const { events, error } = await readAll(
      await openai.responses.create({ model: "openai/gpt-4o", input: "hi", stream: true }),
    );
    expect(events.map(({ type }) => type)).toEqual(["response.created", "response.failed"]);
    expect(events[1]).toMatchObject({
      sequence_number: 1,
      response: { id: "resp_1", model: "m", status: "failed", error: { code: "upstream_reset", message: MESSAGE } },
    });
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: "upstream_reset", message: expect.stringContaining(MESSAGE) });
  });
});
