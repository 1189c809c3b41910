import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { dataEvent, json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { chunk, end, head, type Script, stall, wait } from "../fixtures/script.ts";

import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";
import { isPending, within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const GOING = "The gateway is shutting down";

let rig: Rig<GatewayProcess>;
let isStarted = false;
afterEach(async () => {
  if (isStarted) await rig[Symbol.asyncDispose]();
  isStarted = false;
});

/** Starts a gateway with so much time for the requests in flight. */
async function start(timeout: "300ms" | "2h", keepAlive: "0s" | "2h" = "0s"): Promise<void> {
  // On a busy machine first events are so late that a sign of life comes before them.
  rig = await startRig({ SERVER_SHUTDOWN_TIMEOUT: timeout, STREAM_KEEPALIVE: keepAlive }, startGateway);
  isStarted = true;
}

/** Sends a request and waits until the provider has it. */
async function begin(target: string, body: object, script: Script) {
  const began = Promise.withResolvers<ReceivedRequest>();
  rig.provider.answer((request) => {
    began.resolve(request);
    return script;
  });
  const { client, id } = await rig.call({ target, body });
  return { client, id, connection: (await began.promise).connection };
}

/** @returns when it was sent: what is said of it may be read late */
async function signal(name: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<number> {
  const sentAt = performance.now();
  rig.gateway.process.kill(name);
  await rig.gateway.logged(({ msg }) => msg === "draining");
  return sentAt;
}

async function expectExit(code: number, since: number, notBeforeMs: number): Promise<void> {
  expect(await within(rig.gateway.exited(), 5000, "the gateway's end")).toBe(code);
  expect(performance.now() - since).toBeGreaterThanOrEqual(notBeforeMs);
}

/** So much time that it ends within the test only if it does not wait. */
const giveHours = (): Promise<void> => start("2h");

describe("what does not finish in time is ended, and told so", () => {
  test("streams, each with the error event of its dialect, and proxied ones by a broken connection", async () => {
    await start("300ms");
    const script = () => [head(200, EVENT_STREAM), chunk("data: 1\n\n"), stall()];
    const message = { ...CHAT, model: "anthropic/m", max_tokens: 1, stream: true };
    const calls = [
      await begin("/v1/chat/completions", { ...CHAT, stream: true }, script()),
      await begin("/v1/messages", message, script()),
      await begin("/v1/responses", { model: "openai/m", input: "hi", stream: true }, script()),
      await begin("/proxy/openai/x", {}, script()),
    ] as const;
    for (const { client } of calls) await client.nextChunk();
    const since = await signal();
    const bodies = await Promise.all(calls.map(({ client }) => client.body()));
    const type = "error";
    const told = { code: "shutting_down", message: GOING };
    const failed = {
      type: "response.failed",
      sequence_number: 0,
      response: { id: `resp_${calls[2].id}`, object: "response", output: [], status: "failed", error: told },
    };
    const error = { type: "upstream_error", ...told, param: null };
    expect(bodies.map(({ text, complete }) => [text.replace("data: 1\n\n", ""), complete])).toEqual([
      [dataEvent({ error: { message: GOING, type: "upstream_error", code: "shutting_down" } }), true],
      [dataEvent({ type, error: { type: "api_error", message: GOING }, request_id: calls[1].id }, "error"), true],
      [
        dataEvent(failed, "response.failed") +
          dataEvent({ type, ...told, param: null, sequence_number: 1, error }, "error"),
        true,
      ],
      ["", false],
    ]);
    for (const { id, connection } of calls) {
      expect(await rig.settled(id)).toMatchObject({ outcome: "cut", failure: "shutting_down" });
      expect((await rig.provider.connectionClosed(connection)).by).toBe("peer");
    }
    await expectExit(3, since, 290);
  });

  test("calls without a first byte, with 503", async () => {
    await start("300ms", "2h");
    const waiting = await begin("/v1/chat/completions", CHAT, [stall()]);
    const silent = await begin("/v1/chat/completions", { ...CHAT, stream: true }, [head(200, EVENT_STREAM), stall()]);
    const proxied = await begin("/proxy/openai/x", {}, [stall()]);
    // A stream has its head before its first byte.
    expect((await silent.client.head()).status).toBe(200);
    const since = await signal();
    for (const { client, id } of [waiting, proxied]) {
      expect((await client.head()).status).toBe(503);
      expect(JSON.parse((await client.body()).text)).toMatchObject({ error: GOING, code: "shutting_down" });
      expect(await rig.settled(id)).toMatchObject({ status: 503, outcome: "failed", failure: "shutting_down" });
    }
    expect((await silent.client.body()).text).toContain('"code":"shutting_down"');
    expect(await rig.settled(silent.id)).toMatchObject({ outcome: "cut", failure: "shutting_down" });
    await expectExit(3, since, 290);
  });

  test("an upload that does not end, with a line in the log", async () => {
    await start("300ms");
    const client = await rig.connect();
    await client.send(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-request-id: upload\r\ncontent-length: 99\r\n\r\n{"model"',
    );
    // Whatever came after the first bytes shows that they were read.
    await (await rig.call({ method: "GET", target: "/health" })).client.head();
    const since = await signal();
    await expectExit(3, since, 290);
    expect((await client.untilClosed()).by).toBe("peer");
    expect(await rig.settled("upload")).toMatchObject({ route: "/v1/chat/completions" });
  });

  test("a client that does not read what it asked for: the time is not given twice", async () => {
    const clock = createManualClock();
    await using parts = await startRig({ SERVER_SHUTDOWN_TIMEOUT: "10s" }, startAt(clock));
    const gate = createGate();
    parts.provider.answer([wait(gate), ...json(200, { choices: "x".repeat(30 * 1024 * 1024) })]);
    const { client, id } = await parts.call({ target: "/v1/chat/completions", body: CHAT });
    await parts.provider.nextRequest();
    const timers = clock.timersSet();
    const ending = parts.gateway.end();
    // Until the time for requests in flight begins, every answer says that its connection ends.
    while (clock.timersSet() === timers) await Bun.sleep(1);
    await clock.advance(8000);
    gate.open();
    await client.head();
    client.pause();
    // Its answer is in flight until it is taken.
    await clock.advance(1999);
    expect(await isPending(ending, 100)).toBe(true);
    await clock.advance(1);
    // After the time is over it has half a second, as every request has.
    await clock.advance(500);
    expect(await within(ending, 1000, "the gateway's end")).toBe(3);
    expect(await parts.settled(id)).toMatchObject({ outcome: "cut", failure: "shutting_down" });
  });
});

describe("what finishes in time finishes whole, and the gateway ends at once", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s", async (name) => {
    await giveHours();
    const gate = createGate();
    const streaming = await begin("/v1/chat/completions", { ...CHAT, stream: true }, [
      head(200, EVENT_STREAM),
      chunk("data: 1\n\n"),
      wait(gate),
      chunk("data: [DONE]\n\n"),
      end(),
    ]);
    const waiting = await begin("/v1/chat/completions", CHAT, [wait(gate), ...json(200, '{"a":1.0}')]);
    const uploading = await rig.connect();
    const body = JSON.stringify(CHAT);
    const upload = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`;
    await uploading.send(upload + body.slice(0, 5));
    // Whatever came after the first bytes shows that they were read.
    await (await rig.call({ method: "GET", target: "/health" })).client.head();
    await streaming.client.nextChunk();
    const since = await signal(name);
    expect(await outcomeOf(rig.connect())).toThrow("Failed to connect");
    rig.provider.answer(json(200, "{}"));
    await uploading.send(body.slice(5));
    expect((await uploading.head()).status).toBe(200);
    gate.open();
    expect(await streaming.client.body()).toMatchObject({ text: "data: 1\n\ndata: [DONE]\n\n", complete: true });
    expect(await waiting.client.body()).toMatchObject({ text: '{"a":1.0}', complete: true });
    await expectExit(0, since, 0);
  });
});

describe("a gateway that drains tells each client that its connection ends", () => {
  const CLOSE = "close";

  test("with answers and streams whose heads go out after the signal", async () => {
    await giveHours();
    const gate = createGate();
    const waiting = await begin("/v1/chat/completions", CHAT, [wait(gate), ...json(200, "{}")]);
    const streaming = await begin("/v1/chat/completions", { ...CHAT, stream: true }, [
      wait(gate),
      head(200, EVENT_STREAM),
      chunk("data: [DONE]\n\n"),
      end(),
    ]);
    const failing = await begin("/v1/chat/completions", CHAT, [wait(gate), ...json(429, "{}")]);
    const proxied = await begin("/proxy/openai/x", {}, [wait(gate), ...json(200, "{}")]);
    rig.gateway.process.kill("SIGTERM");
    await rig.gateway.logged(({ msg }) => msg === "draining");
    gate.open();
    for (const { client } of [waiting, streaming, failing, proxied]) {
      expect((await client.head()).header("connection")).toBe(CLOSE);
      expect((await client.body()).complete).toBe(true);
      expect((await client.untilClosed()).by).toBe("peer");
    }
  });

  test("so that clients that send one request after the other lose none", async () => {
    await giveHours();
    rig.provider.answerAlways(() => json(200, "{}"));
    const body = JSON.stringify(CHAT);
    /** Sends requests over one connection until an answer says that it is the last one. */
    const goOn = async (): Promise<number> => {
      const client = await rig.connect();
      for (let answers = 1; ; answers++) {
        await client.request("POST", "/v1/chat/completions", { body });
        const answer = await client.head(5000);
        expect(answer.status).toBe(200);
        expect((await client.body()).text).toBe("{}");
        if (answer.header("connection") === CLOSE) return answers;
      }
    };
    const clients = Promise.all(Array.from({ length: 20 }, goOn));
    await rig.provider.nextRequest();
    rig.gateway.process.kill("SIGTERM");
    expect(await within(clients, 10_000, "the last answer of every client")).toHaveLength(20);
    expect(await within(rig.gateway.exited(), 5000, "the gateway's end")).toBe(0);
  });
});

test("/health/ready says so, to whoever is still connected", async () => {
  await giveHours();
  const { client } = await begin("/v1/chat/completions", CHAT, [stall()]);
  const asking = await rig.connect();
  await asking.send("GET /health/ready HTTP/1.1\r\nhost: localhost\r\n");
  await (await rig.call({ method: "GET", target: "/health" })).client.head();
  await signal();
  await asking.send("\r\n");
  expect((await asking.head()).status).toBe(503);
  client.leave();
});

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a second %s ends it at once", async (name, code) => {
  await giveHours();
  await begin("/v1/chat/completions", CHAT, [stall()]);
  const since = await signal();
  rig.gateway.process.kill(name);
  await expectExit(code, since, 0);
});

test("Ctrl+C that a wrapper passes on once more drains: the stream that is open comes to its end", async () => {
  await giveHours();
  const gate = createGate();
  const { client } = await begin("/v1/chat/completions", { ...CHAT, stream: true }, [
    head(200, EVENT_STREAM),
    chunk("data: 1\n\n"),
    wait(gate),
    chunk("data: [DONE]\n\n"),
    end(),
  ]);
  await client.nextChunk();
  rig.gateway.process.kill("SIGINT");
  rig.gateway.process.kill("SIGINT");
  const since = await signal("SIGINT");
  gate.open();
  expect(await client.body()).toMatchObject({ text: "data: 1\n\ndata: [DONE]\n\n", complete: true });
  await expectExit(0, since, 0);
});

test("with SERVER_DRAIN_DELAY requests are taken that long, while readiness says 503", async () => {
  const clock = createManualClock();
  await using parts = await startRig({ SERVER_DRAIN_DELAY: "10s" }, startAt(clock));
  parts.provider.answerAlways(() => json(200, "{}"));
  const ask = async (target: string, body?: object) => {
    const { client } = await parts.call(body ? { target, body } : { method: "GET", target });
    const { status } = await client.head();
    await client.body();
    return status;
  };
  expect(await ask("/health/ready")).toBe(200);
  const ending = parts.gateway.end();
  expect([await ask("/health/ready"), await ask("/health")]).toEqual([503, 200]);
  expect(await ask("/v1/chat/completions", CHAT)).toBe(200);
  await clock.advance(9999);
  expect([await ask("/health/ready"), await ask("/v1/chat/completions", CHAT)]).toEqual([503, 200]);
  await clock.advance(1);
  expect(await within(ending, 3000, "the gateway's end")).toBe(0);
  expect(await outcomeOf(parts.connect())).toThrow();
});

test("a unix socket on which another gateway answers is left to it", async () => {
  const path = join(scratchFolder("gateway"), "gateway.sock");
  await using _first = await startGateway({ SERVER_UNIX_SOCKET: path });
  expect(await outcomeOf(startGateway({ SERVER_UNIX_SOCKET: path }))).toThrow(/ended with 1/);
  expect((await fetch("http://localhost/health", { unix: path })).status).toBe(200);
});
