import { describe, expect, test } from "bun:test";
import { dataEvent, json } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { chunk, close, end, head, reset, stall, type Step, wait } from "../../fixtures/script.ts";
import type { MockProvider } from "../../fixtures/mock-provider.ts";
import {
  BEGUN,
  BREAKS,
  broken,
  chatAsk,
  chatChunk,
  DONE,
  EVENT_STREAM,
  goneOn,
  QUESTION,
  rest,
  start,
} from "./broken-streams.ts";

const PATH = "/v1/chat/completions";
const errorEvent = (error: unknown): string => dataEvent({ error });
const OVERLOADED = errorEvent({ message: "it is too much", type: "overloaded_error", code: 529 });

const asked = ({ requests }: MockProvider) =>
  requests.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(Buffer.from(body).toString()));

describe("a chat stream that breaks off", () => {
  test.each([...BREAKS, ["reports an error", () => [chunk(OVERLOADED), end()]] as const])(
    "goes on elsewhere if it %s",
    async (_, ending) => {
      await using rig = await start();
      rig.left.answer(broken(BEGUN, ending()));
      rig.right.answer(rest([", wor", "ld"]));
      const response = await rig.post(PATH, { ...chatAsk, max_tokens: 50 });
      const text = await response.text();
      expect(text).toBe(
        [...BEGUN, goneOn({ content: ", wor" }), goneOn({ content: "ld" }), goneOn({}, "stop"), DONE].join(""),
      );
      expect(asked(rig.right)).toEqual([
        {
          model: "right-model",
          messages: [QUESTION, { role: "assistant", content: "Hello" }],
          ...{ stream: true, stream_options: { include_usage: true } },
          ...{ add_generation_prompt: false, continue_final_message: true },
          max_tokens: 48,
        },
      ]);
      const line = await rig.lineOf(response);
      expect(line).toMatchObject({ alias: "fast", attempts: 2, provider: "right", model: "right-model", status: 200 });
      expect(line["tried"]).toEqual([expect.stringMatching(/^left\/left-model /), "right/right-model answered"]);
      expect(line["failure"]).toBeUndefined();
      // Of the prompt of 30, two are the beginning of the answer.
      expect(line).toMatchObject({ input_tokens: 28, output_tokens: 6 });
    },
  );

  test("goes on elsewhere if its provider is silent for too long", async () => {
    const deployments = [
      { provider: "left", timeouts: { idleMs: 50 } },
      { provider: "right", prefill: "continue_final_message" as const },
    ];
    await using rig = await start({ deployments });
    rig.left.answer(broken(BEGUN, [stall()]));
    rig.right.answer(rest(["!"]));
    const response = await rig.post(PATH, chatAsk);
    expect(await response.text()).toBe([...BEGUN, goneOn({ content: "!" }), goneOn({}, "stop"), DONE].join(""));
    await rig.left.connectionClosed((await rig.left.nextRequest()).connection);
  });

  test.each(["da", 'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"lo', "data: x\n"])(
    "within an event is passed on up to the event before (%p)",
    async (part) => {
      await using rig = await start();
      rig.left.answer(broken([...BEGUN, part], [reset()]));
      rig.right.answer(rest(["!"]));
      const response = await rig.post(PATH, chatAsk);
      expect(await response.text()).toBe([...BEGUN, goneOn({ content: "!" }), goneOn({}, "stop"), DONE].join(""));
    },
  );

  test("behind an event that lacks its empty line loses none of it", async () => {
    await using rig = await start();
    const last = chatChunk({ content: " you" }).trimEnd();
    rig.left.answer(broken([...BEGUN, last], [end()]));
    rig.right.answer(rest(["!"]));
    const response = await rig.post(PATH, chatAsk);
    expect(await response.text()).toBe(
      [...BEGUN, last, "\n\n", goneOn({ content: "!" }), goneOn({}, "stop"), DONE].join(""),
    );
    expect(asked(rig.right)[0].messages[1].content).toBe("Hello you");
  });

  test.each([
    [[" world"], "world"],
    [[" ", "world"], "world"],
    [["world"], "world"],
    [["  world"], " world"],
  ])("with white space at its end has it once (%j)", async (texts, expected) => {
    await using rig = await start();
    rig.left.answer(broken([...BEGUN, chatChunk({ content: ", " })], [reset()]));
    rig.right.answer(rest(texts));
    const response = await rig.post(PATH, chatAsk);
    const text = await response.text();
    expect(text.split("\n\n").slice(3)).toEqual([
      ...[goneOn({ content: expected }), goneOn({}, "stop"), DONE].map((event) => event.trimEnd()),
      "",
    ]);
    expect(asked(rig.right)[0].messages[1].content).toBe("Hello,");
  });

  test("tells its usage once if that is asked for, the prompt as of the beginning", async () => {
    await using rig = await start();
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(rest(["!"]));
    const response = await rig.post(PATH, { ...chatAsk, stream_options: { include_usage: true } });
    const chunks = (await response.text()).split("\n\n").filter((event) => event.startsWith("data: {"));
    const values = chunks.map((event) => JSON.parse(event.slice("data: ".length)));
    expect(values.filter(({ usage }) => usage).map(({ id, choices, usage }) => [id, choices, usage])).toEqual([
      ["c1", [], expect.objectContaining({ prompt_tokens: 28, completion_tokens: 6, total_tokens: 34 })],
    ]);
  });

  test("goes on as often as there are attempts, and then ends with its error", async () => {
    const deployments = ["left", "right", "left", "right"].map((provider, index) => ({
      ...{ provider, model: `m${index}`, prefill: "prefix" as const },
    }));
    const retries = { attempts: 3, on: new Set<never>(), repeatsSent: false, backoffMs: 1, maxBackoffMs: 1 };
    await using rig = await start({ deployments, retries });
    const more = (text: string) => broken([chatChunk({ content: text }, null, "other")], [reset()]);
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(more(" one"));
    rig.left.answer(more(" two"));
    const response = await rig.post(PATH, chatAsk);
    const text = await response.text();
    expect(text).toStartWith([...BEGUN, goneOn({ content: " one" }), goneOn({ content: " two" })].join(""));
    expect(text.slice(text.lastIndexOf("data:"))).toContain('"code":"upstream_reset"');
    expect(asked(rig.left)[1]).toMatchObject({
      model: "m2",
      messages: [QUESTION, { role: "assistant", content: "Hello one", prefix: true }],
    });
    const line = await rig.lineOf(response);
    const failed = (name: string) => `${name} 502 upstream_reset`;
    expect(line["tried"]).toEqual([failed("left/m0"), failed("right/m1"), failed("left/m2")]);
  });

  test("ends with its error if the others fail, and says what was tried", async () => {
    await using rig = await start();
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(json(500, { error: { message: "no" } }));
    const response = await rig.post(PATH, chatAsk);
    const text = await response.text();
    expect(text).toStartWith(BEGUN.join(""));
    expect(text).toContain('"code":"upstream_reset"');
    const line = await rig.lineOf(response);
    expect(line["tried"]).toEqual(["left/left-model 502 upstream_reset", "right/right-model 500 provider_error"]);
  });

  test("ends with the error that the one reports who goes on", async () => {
    await using rig = await start();
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(broken([chatChunk({ content: "!" }), OVERLOADED], [end()]));
    const text = await (await rig.post(PATH, chatAsk)).text();
    expect(text).toStartWith([...BEGUN, goneOn({ content: "!" })].join(""));
    expect(text).toContain("it is too much");
    expect(text.match(/"error"/g)).toHaveLength(1);
  });

  test("goes on at another server if there is one", async () => {
    const prefill = "as_is";
    const deployments = [
      { provider: "left", model: "a" },
      { provider: "left", model: "b", prefill },
      { provider: "right", prefill },
    ] as const;
    await using rig = await start({ deployments });
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(rest(["!"]));
    expect(await (await rig.post(PATH, chatAsk)).text()).toEndWith(DONE);
    expect(asked(rig.left)).toHaveLength(1);
  });

  test.each([
    ["while it may be gone on with", 100_000],
    ["when it is too long for that", 2_000_000],
  ])("waits for a client that does not read (%s)", async (_, characters) => {
    await using rig = await start();
    const members = { filler: "x".repeat(48_000_000) };
    const long = chatChunk({ content: "y".repeat(characters) }).replace(
      "data: {",
      `data: {"filler":"${members.filler}",`,
    );
    rig.left.answer([
      head(200, EVENT_STREAM),
      chunk(BEGUN.join("") + chatChunk({ content: " " })),
      chunk(long),
      reset(),
    ]);
    const response = await rig.post(PATH, chatAsk);
    const { connection } = await rig.left.nextRequest();
    await rig.left.heldBack(connection);
    await response.body?.cancel();
    await rig.left.connectionClosed(connection);
  });

  test("gives its place at each deployment back", async () => {
    await using rig = await start({ limits: { maxInFlight: 1 } });
    for (let time = 0; time < 2; time += 1) {
      rig.left.answer(broken(BEGUN, [reset()]));
      rig.right.answer(rest(["!"]));
      expect(await (await rig.post(PATH, chatAsk)).text()).toEndWith(DONE);
    }
  });

  test("goes on with a call of a tool", async () => {
    await using rig = await start();
    const call = { index: 0, id: "call_1", type: "function", function: { name: "add", arguments: "{}" } };
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(
      broken([chatChunk({ tool_calls: [call] }, null, "c2"), chatChunk({}, "tool_calls", "c2"), DONE], [end()]),
    );
    const tools = [{ type: "function", function: { name: "add", parameters: { type: "object" } } }];
    const text = await (await rig.post(PATH, { ...chatAsk, tools })).text();
    expect(text).toContain('"name":"add"');
    expect(text).toEndWith(goneOn({}, "tool_calls") + DONE);
  });

  test("has signs of life while nobody has gone on yet", async () => {
    await using rig = await start({}, {}, { STREAM_KEEPALIVE: "100ms" });
    const gate = createGate();
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(async function* (): AsyncIterable<Step> {
      yield wait(gate);
      yield* rest(["!"]);
    });
    const response = await rig.post(PATH, chatAsk);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes(": keep-alive\n\n")) text += Buffer.from((await reader.read()).value ?? []).toString();
    gate.open();
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += Buffer.from(read.value);
    expect(text.replaceAll(": keep-alive\n\n", "")).toBe(
      [...BEGUN, goneOn({ content: "!" }), goneOn({}, "stop"), DONE].join(""),
    );
  });

  test.each([
    ["before the head", []],
    ["behind the head", [head(200, EVENT_STREAM)]],
  ])("and whose client leaves ends the one that is asked to go on (%s)", async (_, before) => {
    await using rig = await start();
    const leaving = new AbortController();
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer([...before, stall()]);
    const response = await rig.post(PATH, chatAsk, { signal: leaving.signal });
    const { connection } = await rig.right.nextRequest();
    leaving.abort();
    await rig.right.connectionClosed(connection);
    expect(await rig.lineOf(response)).toMatchObject({ outcome: "client_gone", attempts: 2 });
  });
});

describe("a chat stream that nobody else can go on with", () => {
  const spoken = (delta: unknown) => broken([...BEGUN, chatChunk(delta)], [reset()]);
  const call = { index: 0, id: "call_1", type: "function", function: { name: "add", arguments: "{" } };
  const plain = () => broken(BEGUN, [reset()]);
  const json_schema = { name: "x", schema: { type: "object" } };

  test.each([
    ["it has begun a call of a tool", {}, () => spoken({ tool_calls: [call] })],
    ["it has thought", {}, () => broken([chatChunk({ reasoning_content: "hm" }), ...BEGUN], [reset()])],
    ["it declines", {}, () => spoken({ refusal: "no" })],
    ["it has said nothing but white space", {}, () => broken([chatChunk({ content: " " })], [reset()])],
    ["it has said why it ends", {}, () => broken([...BEGUN, chatChunk({}, "stop")], [reset()])],
    ["there are several answers", { n: 2 }, plain],
    ["its text has a form", { response_format: { type: "json_schema", json_schema } }, plain],
    ["its text is JSON", { response_format: { type: "json_object" } }, plain],
    ["probabilities are asked for", { logprobs: true }, plain],
    ["thoughts are asked for", { reasoning_effort: "high" }, plain],
    ["something is asked for that is not understood", { guided_regex: "a+" }, plain],
    [
      "a filter has ended it",
      {},
      () => broken([...BEGUN, errorEvent({ message: "no", code: "content_policy_violation" })], [end()]),
    ],
    // A reset would drop what of it is not read yet.
    ["it is too long", {}, () => broken([...BEGUN, chatChunk({ content: "x".repeat(600_000) })], [close()])],
  ])("because %s ends as without `resume`", async (_, members, script) => {
    const told: string[] = [];
    for (const resumes of [true, false]) {
      await using rig = await start({ resumes });
      rig.left.answer(script());
      const response = await rig.post(PATH, { ...chatAsk, ...members });
      told.push(await response.text());
      expect(asked(rig.right)).toEqual([]);
      expect((await rig.lineOf(response))["attempts"]).toBeUndefined();
    }
    expect(told[0]).toBe(told[1] as string);
  });

  test.each([
    ["is not known to go on with answers", undefined],
    ["cannot go on, as its operator says", "none" as const],
  ])("because the other one %s ends as without `resume`", async (_, prefill) => {
    const told: string[] = [];
    for (const resumes of [true, false]) {
      const deployments = [{ provider: "left" }, { provider: "right", ...(prefill && { prefill }) }];
      await using rig = await start({ resumes, deployments });
      rig.left.answer(broken([...BEGUN, "data: {"], [reset()]));
      told.push(await (await rig.post(PATH, chatAsk)).text());
      expect(asked(rig.right)).toEqual([]);
    }
    expect(told[0]).toBe(told[1] as string);
  });

  test("ends with the error unless `resume` is said", async () => {
    await using rig = await start({ resumes: false });
    rig.left.answer(broken([...BEGUN, OVERLOADED], [end()]));
    expect(await (await rig.post(PATH, chatAsk)).text()).toBe([...BEGUN, OVERLOADED].join(""));
    expect(asked(rig.right)).toEqual([]);
  });
});
