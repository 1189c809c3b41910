import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { chunk, end, head, stall, wait } from "../fixtures/script.ts";
import { RIG_KEY } from "../fixtures/start-rig.ts";
import { type Asked, finishRig, startTimedRig, STREAMS, type TimedRig } from "./timed-rig.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const MESSAGE = "The request was not answered in time (X-Request-Timeout)";
const LATE_MS = 3000;

const PROXY: Asked = { target: `/proxy/openai/x?key=${RIG_KEY}`, body: {} };
const WHOLE: readonly (readonly [string, Asked])[] = [
  ...STREAMS.map(({ name, whole }) => [name, whole] as const),
  ["embeddings", { target: "/v1/embeddings", body: { model: "openai/m", input: "hi" } }],
  ["completions", { target: "/v1/completions", body: { model: "openai/m", prompt: "hi" } }],
  ["count of tokens", { target: "/v1/messages/count_tokens", body: { model: "anthropic/m", messages: [] } }],
  ["proxy", PROXY],
];

describe.each(["socket", "fetch"])("X-Request-Timeout, over %s", (transport) => {
  let timed: TimedRig;
  beforeAll(async () => {
    timed = await startTimedRig({ CLIENT_TRANSPORT: transport, CLIENT_TIMEOUT: "40s", CLIENT_STREAM_TIMEOUT: "50s" });
  });
  afterAll(() => finishRig(timed.rig));

  test.each(WHOLE)("%s: 504 that names it, and the provider is asked no longer", async (_, asked) => {
    const before = timed.rig.provider.requests.length;
    const { client, id, took } = await timed.ask(asked, () => [stall()], { "x-request-timeout": "7s" });
    expect((await timed.passUntil(client.head())).status).toBe(504);
    expect(took()).toBeWithin(7000, 7000 + LATE_MS);
    expect((await client.body()).text).toContain(MESSAGE);
    expect(await timed.rig.settled(id)).toMatchObject({ status: 504, outcome: "failed", failure: "request_timeout" });
    const received = timed.rig.provider.requests[before];
    expect(received?.header("x-request-timeout") ?? null).toBeNull();
    expect((await timed.rig.provider.connectionClosed(received?.connection ?? 0)).by).toBe("peer");
    client.leave();
  });

  describe.each(STREAMS)("$name", ({ silent, content, ending, ...stream }) => {
    test("a stream ends with the error of its format", async () => {
      const script = async function* () {
        yield head(200, EVENT_STREAM);
        yield chunk(silent.join(""));
        for (;;) {
          yield chunk(content);
          yield wait(timed.passed(2000));
        }
      };
      const { client, id, took } = await timed.ask(stream, script, { "x-request-timeout": "9" });
      const { text, complete } = await timed.passUntil(client.body());
      expect(took()).toBeWithin(9000, 9000 + LATE_MS);
      expect(text).toContain("Hello");
      expect(text).toContain(MESSAGE);
      expect(complete).toBe(true);
      expect(await timed.rig.settled(id)).toMatchObject({ status: 200, outcome: "cut", failure: "request_timeout" });
      client.leave();
    });

    test("one that has come whole is whole", async () => {
      const script = () => [head(200, EVENT_STREAM), chunk(silent.join("") + content + ending), stall()];
      const { client, id } = await timed.ask(stream, script, { "x-request-timeout": "9" });
      const { text, complete } = await timed.passUntil(client.body());
      expect(text).not.toContain(MESSAGE);
      expect(complete).toBe(true);
      expect(await timed.rig.settled(id)).toMatchObject({ outcome: "answered" });
      client.leave();
    });
  });

  test("proxy: a stream breaks off visibly", async () => {
    const script = () => [head(200, EVENT_STREAM), chunk("data: 1\n\n"), stall()];
    const { client, id } = await timed.ask(PROXY, script, { "x-request-timeout": "9" });
    expect(await timed.passUntil(client.body())).toMatchObject({ text: "data: 1\n\n", complete: false });
    expect(await timed.rig.settled(id)).toMatchObject({ outcome: "cut", failure: "request_timeout" });
  });

  test("no request gets more time than the operator allows", async () => {
    const [chat] = STREAMS;
    if (!chat) throw new Error("there are no streams");
    const whole = await timed.ask(chat.whole, () => [stall()], { "x-request-timeout": "1h" });
    expect((await timed.passUntil(whole.client.head())).status).toBe(504);
    expect(whole.took()).toBeWithin(40_000, 40_000 + LATE_MS);
    expect((await whole.client.body()).text).toContain("(CLIENT_TIMEOUT)");
    whole.client.leave();
    const script = async function* () {
      yield head(200, EVENT_STREAM);
      for (;;) {
        yield chunk(chat.content);
        yield wait(timed.passed(2000));
      }
    };
    const stream = await timed.ask(chat, script, { "x-request-timeout": "1h" });
    const { text } = await timed.passUntil(stream.client.body());
    expect(stream.took()).toBeWithin(50_000, 50_000 + LATE_MS);
    expect(text).toContain("did not complete its stream in time (CLIENT_STREAM_TIMEOUT)");
    stream.client.leave();
  });

  test.each(["7", "7.5", "0.5", "1500ms", "7s", "2m", "1m30s", " 7s "])("%j is accepted", async (value) => {
    const script = () => json(200, { choices: [] });
    const { client } = await timed.ask(WHOLE[0]?.[1] ?? PROXY, script, { "x-request-timeout": value });
    expect((await client.head()).status).toBe(200);
    client.leave();
  });

  const BAD = ["0", "0s", "0ms", "-1", "soon", "", "7 s", "7x", "1e3", "Infinity", "30, 40", "9".repeat(40), "٣"];
  test.each(BAD)("%j is refused with what is accepted", async (value) => {
    for (const [, { target, body }] of WHOLE) {
      const { client, id } = await timed.rig.call({ target, body, headers: { "x-request-timeout": value } });
      expect((await client.head()).status).toBe(400);
      expect((await client.body()).text).toContain(
        "The header X-Request-Timeout must be a duration above zero: seconds (30), or with a unit (1500ms, 30s, 2m)",
      );
      expect(await timed.rig.settled(id)).toMatchObject({ status: 400, failure: "invalid_request" });
      client.leave();
    }
  });

  test("what official clients say of their own patience bounds nothing", async () => {
    const { client } = await timed.ask(
      WHOLE[0]?.[1] ?? PROXY,
      () => [wait(timed.passed(15_000)), ...json(200, { choices: [] })],
      { "x-stainless-timeout": "5" },
    );
    expect((await timed.passUntil(client.head())).status).toBe(200);
    client.leave();
  });

  test("an answer that comes in time is not touched, and nothing is left waiting", async () => {
    const script = () => [head(200, EVENT_STREAM), chunk("data: [DONE]\n\n"), end()];
    const { client } = await timed.ask(PROXY, script, { "x-request-timeout": "9" });
    expect(await client.body()).toMatchObject({ text: "data: [DONE]\n\n", complete: true });
    await timed.clock.advance(20_000);
    client.leave();
  });
});
