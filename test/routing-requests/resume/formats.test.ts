import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { dataEvent, sse } from "../../fixtures/answers.ts";
import type { MockProvider } from "../../fixtures/mock-provider.ts";
import { chunk, end, reset } from "../../fixtures/script.ts";
import {
  BEGUN,
  BREAKS,
  broken,
  chatAsk,
  chatChunk,
  DONE,
  goneOn,
  messagesAsk,
  messagesBegun,
  messagesRest,
  QUESTION,
  rest,
  start,
} from "./broken-streams.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const bodiesOf = ({ requests }: MockProvider) =>
  requests.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(Buffer.from(body).toString()));

const postsOf = ({ requests }: MockProvider) =>
  requests.filter(({ method }) => method === "POST").map(({ target }) => target);

const event = (type: string, members: unknown): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...(members as object) })}\n\n`;

const delta = (text: string): string => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } });

/** Of which Anthropic says that they take the beginning of an answer. */
const CLAUDE = [
  { provider: "left", model: "claude-sonnet-4-5" },
  { provider: "right", model: "claude-haiku-4-5" },
];

const ERROR = event("error", { error: { type: "overloaded_error", message: "it is too much" } });

describe("a stream of messages that breaks off", () => {
  test.each([...BREAKS, ["reports an error", () => [chunk(ERROR), end()]] as const])(
    "goes on elsewhere if it %s",
    async (_, ending) => {
      await using rig = await start({ deployments: CLAUDE }, { left: "messages", right: "messages" });
      rig.left.answer(broken(messagesBegun("Hello "), ending()));
      rig.right.answer(sse(messagesRest(" world")));
      const response = await rig.post("/v1/messages", messagesAsk);
      const text = await response.text();
      const begun = [...messagesBegun("Hello "), delta("world"), event("content_block_stop", { index: 0 })].join("");
      expect(text).toStartWith(begun);
      const [, last = "", stop = ""] = text.slice(begun.length).split(/^event: /m);
      expect(JSON.parse(last.slice(last.indexOf("{")))).toMatchObject({
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { input_tokens: 3, output_tokens: 4 },
      });
      expect(`event: ${stop}`).toBe(event("message_stop", {}));
      expect(bodiesOf(rig.right)).toEqual([
        {
          ...{ model: "claude-haiku-4-5", max_tokens: 88, stream: true },
          messages: [
            { role: "user", content: "hi" },
            { role: "assistant", content: "Hello" },
          ],
        },
      ]);
      expect(await rig.lineOf(response)).toMatchObject({ attempts: 2, input_tokens: 3, output_tokens: 4 });
    },
  );

  test("is not gone on with by models that refuse it", async () => {
    const deployments = [...CLAUDE.slice(0, 1), { provider: "right", model: "claude-opus-4-6" }];
    await using rig = await start({ deployments }, { left: "messages", right: "messages" });
    rig.left.answer(broken(messagesBegun("Hello"), [reset()]));
    const text = await (await rig.post("/v1/messages", messagesAsk)).text();
    expect(text).toStartWith(messagesBegun("Hello").join(""));
    expect(text.slice(messagesBegun("Hello").join("").length)).toStartWith("event: error\n");
    expect(bodiesOf(rig.right)).toEqual([]);
  });

  test("is not gone on with if it has thought", async () => {
    await using rig = await start({ deployments: CLAUDE }, { left: "messages", right: "messages" });
    const thought = event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } });
    const [opening = "", ...text] = messagesBegun("Hello");
    rig.left.answer(broken([opening, thought, ...text], [reset()]));
    expect(await (await rig.post("/v1/messages", messagesAsk)).text()).toContain("event: error\n");
    expect(bodiesOf(rig.right)).toEqual([]);
  });

  test("between two blocks goes on with a further one", async () => {
    await using rig = await start({ deployments: CLAUDE }, { left: "messages", right: "messages" });
    const begun = [...messagesBegun("Hello."), event("content_block_stop", { index: 0 })];
    rig.left.answer(broken(begun, [reset()]));
    rig.right.answer(sse(messagesRest(" More.")));
    const text = await (await rig.post("/v1/messages", messagesAsk)).text();
    expect(text).toStartWith(begun.join(""));
    const later = text.slice(begun.join("").length);
    expect(later).toStartWith(event("content_block_start", { index: 1, content_block: JSON.parse(BLOCK) }));
    expect(later).toEndWith(event("message_stop", {}));
  });
});

const BLOCK = JSON.stringify({ type: "text", text: "" });

describe("a client of one API, whose stream goes on in another", () => {
  test("reads messages from a provider of chat completions", async () => {
    await using rig = await start({}, { left: "messages", right: "chat" });
    rig.left.answer(broken(messagesBegun("Hello"), [reset()]));
    rig.right.answer(rest([", world"]));
    const text = await (await rig.post("/v1/messages", messagesAsk)).text();
    expect(text).toStartWith([...messagesBegun("Hello"), delta(", world")].join(""));
    expect(text).toEndWith(event("message_stop", {}));
    expect(bodiesOf(rig.right)[0]).toMatchObject({ continue_final_message: true, max_tokens: 88 });
  });

  test("reads a chat from a provider of messages", async () => {
    const deployments = [{ provider: "left" }, { provider: "right", model: "claude-3-5-haiku-latest" }];
    await using rig = await start({ deployments }, { left: "chat", right: "messages" });
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(sse(messagesRest(", world")));
    const text = await (await rig.post("/v1/chat/completions", chatAsk)).text();
    expect(text).toBe([...BEGUN, goneOn({ content: ", world" }), goneOn({}, "stop"), DONE].join(""));
  });

  test("reads a chat that was translated before it broke off", async () => {
    const prefill = "prefix" as const;
    const deployments = [
      { provider: "left", model: "claude-sonnet-4-5" },
      { provider: "right", prefill },
    ];
    await using rig = await start({ deployments }, { left: "messages", right: "chat" });
    rig.left.answer(broken(messagesBegun("Hello"), [reset()]));
    rig.right.answer(rest([", world"]));
    const text = await (await rig.post("/v1/chat/completions", chatAsk)).text();
    const chunks = text.split("\n\n").flatMap((each) => (each.includes("{") ? [JSON.parse(each.slice(6))] : []));
    expect(new Set(chunks.map(({ id, created, model }) => JSON.stringify([id, created, model]))).size).toBe(1);
    expect(chunks.map(({ choices: [{ delta: said, finish_reason: finish }] }) => [said.content, finish])).toEqual([
      ["", null],
      ["Hello", null],
      [", world", null],
      [undefined, "stop"],
    ]);
    expect(text).toEndWith(DONE);
    expect(bodiesOf(rig.right)[0].messages[1]).toEqual({ role: "assistant", content: "Hello", prefix: true });
  });

  test("reads the contents of Gemini's API", async () => {
    await using rig = await start({}, { left: "generate", right: "chat" });
    const begun = dataEvent({
      candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] }, index: 0 }],
      ...{ modelVersion: "left-model", responseId: "g1" },
    });
    rig.left.answer(broken([begun], [reset()]));
    rig.right.answer(rest([", world"]));
    const path = "/v1beta/models/fast:streamGenerateContent?alt=sse";
    const response = await rig.post(path, { contents: [{ role: "user", parts: [{ text: "hi" }] }] });
    const values = (await response.text()).split("\n\n").flatMap((each) => (each ? [JSON.parse(each.slice(6))] : []));
    expect(values.map(({ responseId, modelVersion }) => [responseId, modelVersion])).toEqual(
      values.map(() => ["g1", "left-model"]),
    );
    const texts = values.map(({ candidates: [{ content }] }) => content.parts[0].text);
    expect(texts.join("")).toBe("Hello, world");
    expect(values.at(-1).candidates[0].finishReason).toBe("STOP");
  });
});

interface Numbered {
  readonly type: string;
  readonly sequence_number: number;
  readonly item_id?: string;
  readonly delta?: string;
  readonly item?: { readonly id: string };
  readonly response?: { readonly id: string; readonly created_at: number; readonly status: string };
}

const numbered = (text: string): readonly Numbered[] =>
  text.split("\n\n").flatMap((each) => (each.includes("data: ") ? [JSON.parse(each.slice(each.indexOf("{")))] : []));

/** The events of a response of one text, which is `Hello`, and then more. */
function expectOneResponse(text: string, more: string, created?: number): void {
  const events = numbered(text);
  expect(events.map(({ sequence_number: number }) => number)).toEqual([...events.keys()]);
  expect(events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1])).toEqual([
    ...["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"],
    ...["response.output_text.delta", "response.output_text.done", "response.content_part.done"],
    ...["response.output_item.done", "response.completed"],
  ]);
  expect(events.map(({ delta: said = "" }) => said).join("")).toBe(`Hello${more}`);
  const ids = (of: (event: Numbered) => unknown): number =>
    new Set(events.map(of).filter((each) => each !== undefined)).size;
  expect([ids(({ item_id: id, item }) => id ?? item?.id), ids(({ response }) => response?.id)]).toEqual([1, 1]);
  expect(ids(({ response }) => response?.created_at)).toBe(1);
  if (created !== undefined) expect(events[0]?.response?.created_at).toBe(created);
  expect(JSON.stringify(events.at(-1)?.response)).toContain(`"text":"Hello${more}"`);
}

const responsesAsk = { model: "fast", stream: true, input: "hi", max_output_tokens: 90 };

describe("a stream of a response that breaks off", () => {
  test.each(BREAKS)("and was translated goes on elsewhere if it %s", async (_, ending) => {
    await using rig = await start({}, { left: "chat", right: "chat" });
    rig.left.answer(
      broken([...BEGUN.slice(0, 1), chatChunk({ content: "Hel" }), chatChunk({ content: "lo" })], ending()),
    );
    rig.right.answer(rest([", wor", "ld"]));
    const response = await rig.post("/v1/responses", responsesAsk);
    expectOneResponse(await response.text(), ", world");
    expect(bodiesOf(rig.right)).toMatchObject([{ continue_final_message: true, max_tokens: 88 }]);
    expect(await rig.lineOf(response)).toMatchObject({ attempts: 2, provider: "right" });
  });

  test("goes on twice", async () => {
    await using rig = await start({ deployments: THREE }, { left: "messages", right: "chat" });
    rig.left.answer(broken(messagesBegun("Hello"), [reset()]));
    rig.right.answer(broken([chatChunk({ content: ", wor" }, null, "c2")], [reset()]));
    rig.right.answer(rest(["ld"]));
    expectOneResponse(await (await rig.post("/v1/responses", responsesAsk)).text(), ", world");
  });

  const item = { id: "item_7", type: "message", role: "assistant", status: "in_progress", content: [] };
  const own = {
    id: "resp_9",
    object: "response",
    created_at: 7,
    status: "in_progress",
    model: "left-model",
    output: [],
  };
  const place = { item_id: "item_7", output_index: 0, content_index: 0 };
  const begun = [
    event("response.created", { sequence_number: 0, response: own }),
    event("response.in_progress", { sequence_number: 1, response: own }),
    event("response.output_item.added", { sequence_number: 2, output_index: 0, item }),
    event("response.content_part.added", { sequence_number: 3, ...place, part: { type: "output_text", text: "" } }),
    event("response.output_text.delta", { sequence_number: 4, ...place, delta: "Hello" }),
  ];

  test("and is a provider's own goes on elsewhere, with its ids and numbers", async () => {
    await using rig = await start({}, { left: "responses", right: "chat" });
    rig.left.answer(broken(begun, [reset()]));
    rig.right.answer(rest([", world"]));
    const text = await (await rig.post("/v1/responses", responsesAsk)).text();
    expect(text).toStartWith(begun.join(""));
    expectOneResponse(text, ", world", 7);
  });

  test("goes on at a provider that has the Responses API too, in one that it goes on in", async () => {
    await using rig = await start({}, { left: "chat,responses", right: "chat,responses" });
    rig.left.answer(broken(begun, [reset()]));
    rig.right.answer(rest([", world"]));
    const response = await rig.post("/v1/responses", responsesAsk);
    const text = await response.text();
    expect(text).toStartWith(begun.join(""));
    expectOneResponse(text, ", world", 7);
    expect(postsOf(rig.right)).toEqual(["/v1/chat/completions"]);
    expect(bodiesOf(rig.right)).toMatchObject([{ continue_final_message: true, max_tokens: 88 }]);
    expect(await rig.lineOf(response)).toMatchObject({ attempts: 2, provider: "right" });
  });

  test.each([
    ["continue_final_message", "/v1/chat/completions"],
    ["prefix", "/v1/chat/completions"],
    ["as_is", "/v1/messages"],
  ] as const)("goes on by %s over %s", async (prefill, path) => {
    const deployments = [{ provider: "left" }, { provider: "right", prefill }];
    await using rig = await start({ deployments }, { left: "responses", right: "chat,messages,responses" });
    rig.left.answer(broken(begun, [reset()]));
    rig.right.answer(path === "/v1/messages" ? sse(messagesRest(", world")) : rest([", world"]));
    expectOneResponse(await (await rig.post("/v1/responses", responsesAsk)).text(), ", world", 7);
    expect(postsOf(rig.right)).toEqual([path]);
  });

  test("ends with its failure at a provider that has nothing but the Responses API", async () => {
    await using rig = await start({}, { left: "responses", right: "responses" });
    rig.left.answer(broken(begun, [reset()]));
    const text = await (await rig.post("/v1/responses", responsesAsk)).text();
    expect(text).toContain("response.failed");
    expect(bodiesOf(rig.right)).toEqual([]);
  });

  test.each([
    ["behind the end of an item", [event("response.output_item.done", { sequence_number: 5, output_index: 0, item })]],
    [
      "behind a second item",
      [event("response.output_item.added", { sequence_number: 5, output_index: 1, item: { ...item, id: "item_8" } })],
    ],
  ])("%s ends with its failure", async (_, more) => {
    await using rig = await start({}, { left: "responses", right: "chat" });
    rig.left.answer(broken([...begun, ...more], [reset()]));
    const text = await (await rig.post("/v1/responses", responsesAsk)).text();
    expect(text).toStartWith([...begun, ...more].join(""));
    expect(text).toContain("response.failed");
    expect(bodiesOf(rig.right)).toEqual([]);
  });

  test("is kept as a whole if the gateway keeps it", async () => {
    const folder = scratchFolder("kept");
    const store = { RESPONSES_STORE: "sqlite", RESPONSES_STORE_PATH: join(folder, "responses.db") };
    await using rig = await start({}, { left: "chat", right: "chat" }, store);
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(rest([", world"]));
    const text = await (await rig.post("/v1/responses", responsesAsk)).text();
    expectOneResponse(text, ", world");
    const id = numbered(text)[0]?.response?.id;
    const kept = await fetch(`${rig.gateway.url}/v1/responses/${id}`);
    expect([kept.status, await kept.text()]).toEqual([200, expect.stringContaining("Hello, world")]);
  });

  test("is added up to one answer by OpenAI's client", async () => {
    await using rig = await start({}, { left: "chat", right: "chat" });
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(rest([", world"]));
    const client = new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
    const whole = await client.responses.stream({ model: "fast", input: "hi" }).finalResponse();
    expect([whole.status, whole.output_text]).toEqual(["completed", "Hello, world"]);
  });
});

/** Two of them go on, at one provider. */
const THREE = [
  { provider: "left" },
  { provider: "right", prefill: "continue_final_message" },
  { provider: "right", model: "other-model", prefill: "continue_final_message" },
] as const;

describe("an official client", () => {
  test("of OpenAI adds it up to one answer", async () => {
    await using rig = await start();
    const client = new OpenAI({ baseURL: `${rig.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
    rig.left.answer(broken(BEGUN, [reset()]));
    rig.right.answer(rest([", wor", "ld"]));
    const stream = client.chat.completions.stream({
      ...{ model: "fast", messages: [{ role: "user", content: "hi" }] },
      stream_options: { include_usage: true },
    });
    const { id, choices, usage } = await stream.finalChatCompletion();
    expect([id, choices[0]?.message.content, choices[0]?.finish_reason]).toEqual(["c1", "Hello, world", "stop"]);
    expect(usage).toMatchObject({ prompt_tokens: 28, completion_tokens: 6, total_tokens: 34 });
  });

  test("of Anthropic adds it up to one message", async () => {
    await using rig = await start({ deployments: CLAUDE }, { left: "messages", right: "messages" });
    const client = new Anthropic({ baseURL: rig.gateway.url, apiKey: "none", maxRetries: 0 });
    rig.left.answer(broken(messagesBegun("Hello"), [reset()]));
    rig.right.answer(sse(messagesRest(", world")));
    const stream = client.messages.stream({
      model: "fast",
      max_tokens: 90,
      messages: [{ role: "user", content: "hi" }],
    });
    const { id, content, stop_reason, usage } = await stream.finalMessage();
    expect([id, stop_reason]).toEqual(["m1", "end_turn"]);
    expect(content.map((block) => (block.type === "text" ? block.text : block.type))).toEqual(["Hello, world"]);
    expect(usage).toMatchObject({ input_tokens: 3, output_tokens: 4 });
  });

  test.each([["OpenAI"], ["Anthropic"]])("of %s throws if nobody goes on", async (name) => {
    const api = name === "OpenAI" ? "chat" : "messages";
    await using rig = await start(
      { deployments: [{ provider: "left" }, { provider: "right" }] },
      { left: api, right: api },
    );
    rig.left.answer(broken(api === "chat" ? BEGUN : messagesBegun("Hello"), [reset()]));
    const settings = { apiKey: "none", maxRetries: 0 };
    const asked =
      api === "chat"
        ? new OpenAI({ ...settings, baseURL: `${rig.gateway.url}/v1` }).chat.completions
            .stream({ model: "fast", messages: [{ role: "user", content: "hi" }] })
            .finalChatCompletion()
        : new Anthropic({ ...settings, baseURL: rig.gateway.url }).messages
            .stream({ model: "fast", max_tokens: 90, messages: [{ role: "user", content: "hi" }] })
            .finalMessage();
    expect(
      await asked.then(
        () => "answered",
        (error: unknown) => error,
      ),
    ).toBeInstanceOf(Error);
  });
});

test("an answer that the client itself has begun goes on as one", async () => {
  const deployments = [
    { provider: "left", prefill: "as_is" as const },
    { provider: "right", prefill: "as_is" as const },
  ];
  await using rig = await start({ deployments });
  rig.left.answer(broken([chatChunk({ content: " one" })], [reset()]));
  rig.right.answer(rest([", two"]));
  const messages = [QUESTION, { role: "assistant", content: "Count:" }];
  await (await rig.post("/v1/chat/completions", { ...chatAsk, messages })).text();
  expect(bodiesOf(rig.right)[0].messages).toEqual([QUESTION, { role: "assistant", content: "Count: one" }]);
});
