import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { chunk, end, head, stall, wait } from "../fixtures/script.ts";
import { RIG_KEY } from "../fixtures/start-rig.ts";
import { finishRig, startTimedRig, STREAMS, type TimedRig } from "./timed-rig.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

const TIMEOUTS = { connectMs: 3000, responseHeaderMs: 8000, firstTokenMs: 10_000, idleMs: 12_000, totalMs: 30_000 };

/** How late a deadline may be noticed, in time of the gateway. */
const LATE_MS = 3000;

/** The text of an error in whatever envelope, without the quotes around it. */
const LIMITS = {
  connect: "did not accept a connection in time (timeouts.connect of provider mute)",
  header: "did not begin its answer in time (timeouts.header of provider ",
  token: "sent no content in time (timeouts.first_token of provider ",
  idle: "sent nothing for too long (timeouts.idle of provider ",
  total: "did not complete its answer in time (timeouts.total of provider ",
  stream: "did not complete its stream in time (timeouts.total of provider ",
} as const;

describe.each(["socket", "fetch"])("timeouts of a provider, over %s", (transport) => {
  let mute: { readonly port: number; stop(closeActive?: boolean): void };
  let timed: TimedRig;
  beforeAll(async () => {
    // It accepts connections and never says a word: no TLS handshake with it comes to an end.
    mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const settings = {
      CLIENT_TRANSPORT: transport,
      CUSTOM_PROVIDERS: "mute",
      MUTE_API_URL: `https://127.0.0.1:${mute.port}/v1`,
    };
    timed = await startTimedRig(settings, TIMEOUTS);
  });
  afterAll(async () => {
    await finishRig(timed.rig);
    mute.stop(true);
  });

  test("connect", async () => {
    for (const { target, body } of [
      { target: "/v1/chat/completions", body: { model: "mute/m", messages: [] } },
      { target: `/proxy/mute/x?key=${RIG_KEY}`, body: {} },
    ]) {
      const startedAt = timed.clock.now();
      const { client, id } = await timed.rig.call({ target, body });
      expect((await timed.passUntil(client.head())).status).toBe(504);
      expect(timed.clock.now() - startedAt).toBeWithin(3000, 3000 + LATE_MS);
      expect((await client.body()).text).toContain(LIMITS.connect);
      expect(await timed.rig.settled(id)).toMatchObject({ failure: "connect_timeout", provider: "mute" });
      client.leave();
    }
  });

  describe.each(STREAMS)("$name", ({ whole, silent, content, ending, ...stream }) => {
    test("header", async () => {
      for (const asked of [whole, stream]) {
        const { client, id, took } = await timed.ask(asked, () => [stall()]);
        expect((await timed.passUntil(client.head())).status).toBe(504);
        expect(took()).toBeWithin(8000, 8000 + LATE_MS);
        expect((await client.body()).text).toContain(LIMITS.header);
        expect(await timed.rig.settled(id)).toMatchObject({ status: 504, failure: "response_header_timeout" });
        client.leave();
      }
    });

    test("first token: of what says nothing comes more and more", async () => {
      const { client, id, took } = await timed.ask(stream, async function* () {
        yield head(200, EVENT_STREAM);
        for (let n = 0; ; n++) {
          yield chunk(silent[Math.min(n, silent.length - 1)] ?? "");
          yield wait(timed.passed(2000));
          yield chunk(": more\n\n");
        }
      });
      const { text, complete } = await timed.passUntil(client.body());
      expect(took()).toBeWithin(10_000, 10_000 + LATE_MS);
      expect(text).toContain(LIMITS.token);
      expect(complete).toBe(true);
      expect(await timed.rig.settled(id)).toMatchObject({ outcome: "cut", failure: "first_token_timeout" });
      client.leave();
    });

    test("first token: one at the last moment is not lost", async () => {
      const gate = createGate();
      const { client, id } = await timed.ask(stream, () => [
        head(200, EVENT_STREAM),
        chunk(silent.join("")),
        wait(gate),
        chunk(content),
        wait(timed.passed(5000)),
        chunk(ending),
        end(),
      ]);
      await client.nextBytes();
      await timed.clock.advance(9900);
      gate.open();
      let received = "";
      while (!received.includes("Hello")) received += Buffer.from((await client.nextBytes()) ?? []).toString();
      const { text, complete } = await timed.passUntil(client.body());
      expect(text).not.toContain("timeouts.");
      expect(complete).toBe(true);
      expect(await timed.rig.settled(id)).toMatchObject({ outcome: "answered" });
      client.leave();
    });

    test("between tokens", async () => {
      const { client, id, took } = await timed.ask(stream, () => [
        head(200, EVENT_STREAM),
        chunk(silent.join("") + content),
        stall(),
      ]);
      const { text } = await timed.passUntil(client.body());
      expect(took()).toBeWithin(12_000, 12_000 + LATE_MS);
      expect(text).toContain("Hello");
      expect(text).toContain(LIMITS.idle);
      expect(await timed.rig.settled(id)).toMatchObject({ outcome: "cut", failure: "stream_idle_timeout" });
      client.leave();
    });

    test("total, of a stream that goes on and on", async () => {
      const { client, id, took } = await timed.ask(stream, async function* () {
        yield head(200, EVENT_STREAM);
        yield chunk(silent.join(""));
        for (;;) {
          yield chunk(content);
          yield wait(timed.passed(2000));
        }
      });
      const { text } = await timed.passUntil(client.body());
      expect(took()).toBeWithin(30_000, 30_000 + LATE_MS);
      expect(text).toContain(LIMITS.stream);
      expect(await timed.rig.settled(id)).toMatchObject({ outcome: "cut", failure: "total_timeout" });
      client.leave();
    });

    test("total, of a whole answer", async () => {
      const { client, id, took } = await timed.ask(whole, async function* () {
        yield head(200, { "content-type": "application/json", "content-length": "1000" });
        for (;;) {
          yield chunk(" ");
          yield wait(timed.passed(2000));
        }
      });
      expect((await timed.passUntil(client.head())).status).toBe(504);
      expect(took()).toBeWithin(30_000, 30_000 + LATE_MS);
      expect((await client.body()).text).toContain(LIMITS.total);
      expect(await timed.rig.settled(id)).toMatchObject({ status: 504, failure: "total_timeout" });
      client.leave();
    });

    test("a whole answer has its first token with its header", async () => {
      const { client } = await timed.ask(whole, () => [
        head(200, { "content-type": "application/json", "content-length": "2" }),
        wait(timed.passed(15_000)),
        chunk("{}"),
        end(),
      ]);
      expect((await timed.passUntil(client.body())).text).not.toContain("timeouts.");
      client.leave();
    });
  });

  test("a long whole answer that the client takes slowly has no first token to come", async () => {
    const text = JSON.stringify({ choices: [], padding: "x".repeat(200_000) });
    const { client } = await timed.ask(
      { target: "/v1/chat/completions", body: { model: "openai/m", messages: [] } },
      () => json(200, text),
    );
    const { status } = await timed.passUntil(client.head());
    await timed.clock.advance(12_000);
    expect(status).toBe(200);
    expect((await client.body()).text).toBe(text);
    client.leave();
  });
});
