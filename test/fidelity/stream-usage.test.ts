import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, sse } from "../fixtures/answers.ts";
import { readRecordedStreams } from "../fixtures/recorded-streams.ts";
import { close } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ STREAM_USAGE: "always" });
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

const MESSAGES = `"messages":[{"role":"user","content":"hi"}]`;
const CONTENT = dataEvent({ choices: [{ delta: { content: "a" } }], usage: null });
const USAGE = dataEvent({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 } });
const DONE = "data: [DONE]\n\n";
const TOKENS = { input_tokens: 3, output_tokens: 5, total_tokens: 8 };

async function relay(body: string, events: readonly string[], splitEvery = 4096) {
  rig.provider.answer(sse([events.join("")], { splitEvery }));
  const { client, id } = await rig.call({ target: "/v1/chat/completions", body });
  const received = await rig.provider.nextRequest();
  const answer = await client.body();
  client.leave();
  return { sent: Buffer.from(received.body).toString(), answer, line: await rig.settled(id) };
}

describe("a client that did not ask for usage", () => {
  test("the gateway asks, the client gets everything but the chunk that tells it, the log gets the tokens", async () => {
    const { sent, answer, line } = await relay(`{"model":"openai/m","stream":true, ${MESSAGES}}`, [
      CONTENT,
      USAGE,
      DONE,
    ]);
    expect(sent).toBe(`{"stream_options":{"include_usage":true},"model":"m","stream":true, ${MESSAGES}}`);
    expect(answer).toMatchObject({ complete: true, text: CONTENT + DONE });
    expect(line).toMatchObject({ ...TOKENS, outcome: "answered", bytes_out: answer.bytes.length });
  });

  test.each([
    ["its own stream_options", `{"x":1}`, `{"x":1,"include_usage":true}`],
    ["include_usage: false", `{"include_usage":false}`, `{"include_usage":true}`],
    ["stream_options: null", "null", `{"include_usage":true}`],
  ])("with %s", async (_, given, expected) => {
    const body = `{"model":"openai/m","stream":true,"stream_options": ${given} ,${MESSAGES}}`;
    const { sent, answer } = await relay(body, [CONTENT, USAGE, DONE]);
    expect(sent).toBe(`{"model":"m","stream":true,"stream_options": ${expected} ,${MESSAGES}}`);
    expect(answer.text).toBe(CONTENT + DONE);
  });

  test.each([`"x"`, "false", "[1]", `{"include_usage":"yes"}`, `{"include_usage":1}`])(
    "but %s for stream_options stays as it is",
    async (given) => {
      const body = `{"model":"openai/m","stream":true,"stream_options":${given},${MESSAGES}}`;
      const { sent, answer } = await relay(body, [CONTENT, USAGE, DONE]);
      expect(sent).toBe(body.replace("openai/", ""));
      expect(answer.text).toBe(CONTENT + USAGE + DONE);
    },
  );

  test.each([
    ["in any cut", [CONTENT, USAGE, DONE], CONTENT + DONE],
    [
      "with CRLF",
      [CONTENT, USAGE, DONE].map((event) => event.replaceAll("\n", "\r\n")),
      (CONTENT + DONE).replaceAll("\n", "\r\n"),
    ],
    ["as the only event", [USAGE], ""],
    ["as the last, unfinished event", [CONTENT, USAGE.trimEnd()], CONTENT],
  ])("the chunk %s", async (_, events, expected) => {
    for (const splitEvery of [1, 7, 37, 4096]) {
      const { answer, line } = await relay(`{"model":"openai/m","stream":true,${MESSAGES}}`, events, splitEvery);
      expect(answer).toMatchObject({ complete: true, text: expected });
      expect(line).toMatchObject(TOKENS);
    }
  });

  test.each([
    [
      "usage beside a choice",
      dataEvent({ choices: [{ delta: {} }], usage: { prompt_tokens: 3, completion_tokens: 5 } }),
    ],
    [
      "a chunk without choices that tells no usage",
      dataEvent({ choices: [], prompt_filter_results: [{ x: '"usage"' }] }),
    ],
    ["an error", dataEvent({ error: { message: "the usage of this", code: 502 } })],
    ["a comment about usage", ': "usage" "choices":[]\n\n'],
  ])("%s stays", async (_, event) => {
    const { answer } = await relay(`{"model":"openai/m","stream":true,${MESSAGES}}`, [CONTENT, event, USAGE, DONE]);
    expect(answer.text).toBe(CONTENT + event + DONE);
  });

  test("a stream that breaks off amid an event: the error is an event of its own", async () => {
    const [head, ...rest] = sse([CONTENT, USAGE.slice(0, 20)]);
    if (!head) throw new Error("a script begins with its head");
    rig.provider.answer([head, ...rest.slice(0, -1), close()]);
    const body = `{"model":"openai/m","stream":true,${MESSAGES}}`;
    const { client, id } = await rig.call({ target: "/v1/chat/completions", body });
    await rig.provider.nextRequest();
    const { text, complete, bytes } = await client.body();
    client.leave();
    expect(complete).toBe(true);
    expect(text).toStartWith(`${CONTENT}data: {"error":{`);
    expect(text).toEndWith("}}\n\n");
    expect(await rig.settled(id)).toMatchObject({ outcome: "cut", bytes_out: bytes.length });
  });
});

describe("a client that asked for usage, or for no stream", () => {
  test("include_usage of its own is left alone, and so is the chunk", async () => {
    const body = `{"model":"openai/m","stream":true,"stream_options":{ "include_usage" : true },${MESSAGES}}`;
    const { sent, answer, line } = await relay(body, [CONTENT, USAGE, DONE], 7);
    expect(sent).toBe(body.replace("openai/", ""));
    expect(answer.text).toBe(CONTENT + USAGE + DONE);
    expect(line).toMatchObject(TOKENS);
  });

  test("no stream: nothing is asked for", async () => {
    const body = `{"model":"openai/m","stream":false,${MESSAGES}}`;
    expect((await relay(body, [USAGE])).sent).toBe(body.replace("openai/", ""));
  });
});

const recorded = (await readRecordedStreams()).filter(
  ({ kind, body }) => kind === "chat" && body.includes('"usage":{'),
);

describe.skipIf(recorded.length === 0)("recorded chat streams", () => {
  test.each(recorded.map((stream) => [stream.name, stream] as const))("%s", async (_, stream) => {
    const { stream_options: _asked, ...request } = stream.request;
    const events = stream.body.match(/[\s\S]+?(?:\r\n\r\n|\n\n|$)/g) ?? [];
    const wanted = events.filter((event) => !/"choices":\s*\[\]/.test(event) || !/"usage":\s*\{/.test(event)).join("");
    for (const splitEvery of [37, 4096]) {
      const { answer, line } = await relay(
        JSON.stringify({ ...request, model: "openai/m" }),
        [stream.body],
        splitEvery,
      );
      expect(answer.text).toBe(wanted);
      expect(line["input_tokens"]).toBeNumber();
      expect(line["output_tokens"]).toBeNumber();
    }
  });
});
