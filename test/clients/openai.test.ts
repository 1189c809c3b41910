import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, head, reset, wait } from "../fixtures/script.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { within } from "../fixtures/within.ts";
import { bodyText, PROVIDER_KEYS, startRig } from "./start-rig.ts";

const rig = await startRig();
const demo = await startGateway({}, { demo: true });
const client = new OpenAI({ baseURL: rig.baseUrl, apiKey: "sk-client", maxRetries: 0, organization: "org-1" });
const demoClient = new OpenAI({ baseURL: `${demo.url}/v1`, apiKey: "unused", maxRetries: 0 });
afterAll(async () => {
  await Promise.all([rig[Symbol.asyncDispose](), demo.stop()]);
});
beforeEach(() => rig.reset());

const messages = [{ role: "user" as const, content: "hi" }];
const EVENT_STREAM = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
const delta = (content: string): string =>
  dataEvent({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt-4o",
    choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }],
  });

describe("a stream", () => {
  const openStream = (signal?: AbortSignal) =>
    client.chat.completions.create({ model: "openai/gpt-4o", messages, stream: true }, { ...(signal && { signal }) });

  test("that the provider breaks off ends in an error, not in a short answer", async () => {
    const gate = createGate();
    rig.answer([EVENT_STREAM, chunk(delta("half")), wait(gate), reset()]);
    const contents: (string | null | undefined)[] = [];
    const reading = async (): Promise<void> => {
      for await (const part of await openStream()) {
        contents.push(part.choices[0]?.delta.content);
        gate.open();
      }
    };
    const error = await rejectionOf(reading());
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ type: "upstream_error", code: "upstream_reset" });
    expect(contents).toEqual(["half"]);
  });

  test("that carries the provider's own error raises it", async () => {
    rig.answer(sse([delta("half"), dataEvent({ error: { message: "model overloaded", code: "overloaded" } })]));
    const reading = async (): Promise<void> => {
      for await (const _ of await openStream());
    };
    expect(await rejectionOf(reading())).toMatchObject({ code: "overloaded" });
  });

  const leaving = [
    ["aborts", (stream: { controller: AbortController }) => stream.controller.abort()],
    ["stops reading", () => {}],
  ] as const;
  test.each(leaving)("closes the provider's connection when the client %s", async (_, leave) => {
    const gate = createGate();
    rig.answer(sse([delta("one"), delta("two")], { gaps: [undefined, gate] }));
    const stream = await openStream();
    for await (const _ of stream) {
      leave(stream);
      break;
    }
    const connection = rig.calls()[0]?.connection ?? 0;
    expect(await rig.provider.connectionClosed(connection)).toMatchObject({ by: "peer" });
    gate.open();
  });

  test("closes the provider's connection when the client leaves before the answer", async () => {
    const gate = createGate();
    const leaving = new AbortController();
    const arrived = Promise.withResolvers<number>();
    rig.answer(({ connection }) => {
      arrived.resolve(connection);
      return [wait(gate)];
    });
    const opening = rejectionOf(openStream(leaving.signal));
    const connection = await within(arrived.promise, 2000, "the call to reach the provider");
    leaving.abort();
    expect(await opening).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(await rig.provider.connectionClosed(connection)).toMatchObject({ by: "peer" });
    gate.open();
  });

  test("stands beside another one on the same client", async () => {
    const gates = [createGate(), createGate()] as const;
    for (const [index, gate] of gates.entries()) {
      rig.answer(sse([delta(`a${index}`), delta(`b${index}`)], { gaps: [undefined, gate], done: true }));
    }
    const first = (await openStream())[Symbol.asyncIterator]();
    const second = (await openStream())[Symbol.asyncIterator]();
    const next = async (stream: typeof first) => (await stream.next()).value?.choices[0]?.delta.content;
    expect([await next(second), await next(first)]).toEqual(["a1", "a0"]);
    gates[1].open();
    expect(await next(second)).toBe("b1");
    gates[0].open();
    expect(await next(first)).toBe("b0");
  });

  test("arrives as the provider sent it, through the helper that builds a completion", async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    rig.answer(
      sse(
        [
          delta("Hel"),
          delta("lo"),
          dataEvent({ id: "c1", model: "gpt-4o", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
          dataEvent({ id: "c1", model: "gpt-4o", choices: [], usage }),
        ],
        { done: true },
      ),
    );
    const stream = client.chat.completions.stream({
      model: "openai/gpt-4o",
      messages,
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.content).toBe("Hello");
    expect(completion.usage).toEqual(usage);
    const line = await rig.gateway.logged(({ total_tokens }) => total_tokens === 5);
    expect(line).toMatchObject({
      provider: "openai",
      model: "gpt-4o",
      input_tokens: 3,
      output_tokens: 2,
      streaming: true,
    });
  });
});

describe("what reaches the provider", () => {
  test("is the client's body with the bare model, and none of its credentials", async () => {
    rig.answer(json(200, { id: "c", choices: [] }));
    await client.chat.completions.create({ model: "openai/gpt-4o", messages, temperature: 0 });
    const [call] = rig.calls();
    expect(bodyText(call)).toBe(JSON.stringify({ model: "gpt-4o", messages, temperature: 0 }));
    expect(call?.target).toBe("/openai/v1/chat/completions");
    expect(call?.header("authorization")).toBe(`Bearer ${PROVIDER_KEYS.openai}`);
    expect(call?.header("openai-organization")).toBe("org-1");
    expect(call?.header("x-stainless-lang")).toBeUndefined();
    expect(Buffer.from(call?.head ?? []).toString()).not.toContain("sk-client");
  });
});

describe("the Responses API", () => {
  const input = "Say hello";

  test("raises an error if its stream breaks off", async () => {
    const created = dataEvent({ type: "response.created", sequence_number: 0, response: {} }, "response.created");
    const gate = createGate();
    rig.answer([EVENT_STREAM, chunk(created), wait(gate), reset()]);
    const reading = async (): Promise<void> => {
      for await (const _ of await client.responses.create({ model: "gpt-4o", input, stream: true })) gate.open();
    };
    expect(await rejectionOf(reading())).toMatchObject({ code: "upstream_reset" });
  });

  test("answers whole", async () => {
    const output = [
      {
        type: "message",
        id: "m",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hello", annotations: [] }],
      },
    ];
    rig.answer(json(200, { id: "resp_1", object: "response", status: "completed", output }));
    const response = await client.responses.create({ model: "openai/gpt-4o", input });
    expect(response.output_text).toBe("Hello");
    expect(rig.calls()[0]?.target).toBe("/openai/v1/responses");
    expect(bodyText(rig.calls()[0])).toBe(JSON.stringify({ model: "gpt-4o", input }));
  });

  test("streams events in order", async () => {
    const response = { id: "resp_1", object: "response", status: "completed", output: [] };
    const events = [
      { type: "response.created", sequence_number: 0, response },
      {
        type: "response.output_text.delta",
        sequence_number: 1,
        item_id: "m",
        output_index: 0,
        content_index: 0,
        delta: "Hello",
        logprobs: [],
      },
      {
        type: "response.completed",
        sequence_number: 2,
        response: { ...response, usage: { input_tokens: 2, output_tokens: 1, total_tokens: 3 } },
      },
    ];
    rig.answer(sse(events.map((event) => dataEvent(event, event.type))));
    const seen: unknown[] = [];
    const stream = await client.responses.create({ model: "openai/gpt-4o", input, stream: true });
    for await (const event of stream) seen.push(event);
    expect(seen).toEqual(events);
  });
});

describe("models", () => {
  test("are listed with their provider, and retrieved by that name and by the bare one", async () => {
    const listed: string[] = [];
    for await (const model of client.models.list()) listed.push(model.id);
    expect(listed).toContain("openai/gpt-4o");
    const model = { id: "openai/gpt-4o", object: "model", created: 1_715_367_049, owned_by: "system" };
    expect(await client.models.retrieve("openai/gpt-4o")).toMatchObject(model);
    expect(await client.models.retrieve("gpt-4o")).toMatchObject(model);
  });

  test("of a listed name need no prefix", async () => {
    rig.answer(json(200, { id: "bare", choices: [] }));
    expect(await client.chat.completions.create({ model: "gpt-4o", messages })).toMatchObject({ id: "bare" });
  });
});

describe("the demo provider", () => {
  const model = "demo/demo-chat";

  test("refuses a model that it does not have", async () => {
    const asking = demoClient.chat.completions.create({ model: "demo/gpt-4o", messages });
    expect(await rejectionOf(asking)).toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("answers whole and streamed with the same words", async () => {
    const whole = await demoClient.chat.completions.create({ model, messages });
    const streamed = await demoClient.chat.completions.stream({ model, messages }).finalContent();
    expect(whole.choices[0]?.message.content).toContain("“hi”");
    expect(streamed).toBe(whole.choices[0]?.message.content ?? "");
  });

  test("calls a tool, whose answer is told in the end", async () => {
    const asked: unknown[] = [];
    const runner = demoClient.chat.completions.runTools({
      model,
      stream: true,
      messages: [{ role: "user", content: "What is the weather in Paris?" }],
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "Get the current weather in a location",
            parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
            parse: JSON.parse,
            function: (given: unknown) => {
              asked.push(given);
              return "21 °C";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("The tool get_weather answered: 21 °C");
    expect(asked).toEqual([{ location: "Paris" }]);
  });

  test("makes embeddings, in the base64 that the client asks for by itself", async () => {
    const { data } = await demoClient.embeddings.create({ model: "demo/demo-embedding", input: ["a", "b"] });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
  });
});
