import { describe, expect, test } from "bun:test";
import { createConnectionPool } from "../../../src/upstream/http1/transport.ts";
import type { Connection } from "../../../src/upstream/http1/connection.ts";
import { createDeadlines } from "../../../src/core/deadlines.ts";
import { json } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import type { MockProvider } from "../../fixtures/mock-provider.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { chunk, close, end, head, raw, reset, stall, type Step, wait } from "../../fixtures/script.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { openWithProvider, post } from "./open-transport.ts";

/** How long a connection is kept that carries nothing. */
const IDLE_MS = 55_000;

const untilClosed = (provider: MockProvider, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => provider.connectionClosed(index + 1)));

test("a thousand requests, two hundred at once, take as many connections as are needed, and never a new one again", async () => {
  await using parts = await openWithProvider();
  const { provider, ask, seen } = parts;
  provider.answerAlways((request) => json(200, { is: request.target }));
  const run = async (): Promise<void> => {
    let left = 1000;
    const work = async (): Promise<void> => {
      while (left > 0) {
        const target = `/${left--}`;
        const { text } = await ask({ ...post(Buffer.from("{}")), url: `${provider.url}${target}` });
        expect(text).toBe(JSON.stringify({ is: target }));
      }
    };
    await Promise.all(Array.from({ length: 200 }, work));
  };
  await run();
  const opened = provider.connections;
  expect(opened).toBeLessThanOrEqual(200);
  await run();
  expect(provider.connections).toBe(opened);
  expect(provider.openConnections).toBe(opened);
  expect(seen.connected).toBe(2000);
});

describe("a connection can be used again", () => {
  test.each<[after: string, answer: readonly Step[], method: string, text: string]>([
    ["a length", json(200, "{}"), "GET", "{}"],
    ["no bytes", json(200, ""), "GET", ""],
    ["chunks", [head(200, { "transfer-encoding": "chunked" }), chunk("a"), chunk("b"), end()], "GET", "ab"],
    [
      "chunks with a trailer",
      [raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n")],
      "GET",
      "a",
    ],
    ["204", [head(204), end()], "GET", ""],
    ["304", [head(304, { "content-length": "5" }), end()], "GET", ""],
    ["an answer to HEAD", [head(200, { "content-length": "5" }), end()], "HEAD", ""],
    ["100 and an answer", [raw("HTTP/1.1 100 Continue\r\n\r\n"), ...json(200, "{}")], "POST", "{}"],
    ["an error", json(500, "no"), "POST", "no"],
    [
      "HTTP/1.0 that says so",
      [raw("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\na")],
      "GET",
      "a",
    ],
  ])("after %s", async (_, answer, method, text) => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answer(answer);
    provider.answer(json(200, "next"));
    expect((await ask({ method })).text).toBe(text);
    expect((await ask()).text).toBe("next");
    expect(provider.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  test("after an answer that nobody has taken", async () => {
    await using parts = await openWithProvider();
    const { provider, ask, send } = parts;
    provider.answerAlways(() => [raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")]);
    const { body } = await send().response;
    expect(Buffer.from(body?.whole ?? []).toString()).toBe("{}");
    await ask();
    expect(provider.connections).toBe(1);
  });

  test("after its taker has asked it to wait", async () => {
    await using parts = await openWithProvider();
    const { provider, ask, send } = parts;
    const gate = createGate();
    provider.answer([head(200, { "content-length": "2" }), chunk("a"), wait(gate), chunk("b"), end()]);
    provider.answer(json(200, "next"));
    const { body } = await send().response;
    const over = Promise.withResolvers<void>();
    let taken = "";
    body?.consume({
      write(bytes) {
        taken += Buffer.from(bytes).toString();
        if (taken !== "ab") return gate.open();
        body.pause();
      },
      flush() {},
      end: over.resolve,
      fail: over.reject,
    });
    await over.promise;
    body?.pause();
    expect((await ask()).text).toBe("next");
    expect([taken, provider.connections]).toEqual(["ab", 1]);
  });
});

describe("a connection is not used again", () => {
  test.each<[after: string, answer: readonly Step[], text: string]>([
    ["connection: close", [head(200, { "content-length": "1", connection: "close" }), chunk("a"), end()], "a"],
    ["an answer that ends with it", [head(200), chunk("a"), end()], "a"],
    ["HTTP/1.0", [raw("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na")], "a"],
    ["an answer longer than told", [raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc")], "a"],
    [
      "an answer with bytes behind its last chunk",
      [raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nbc")],
      "a",
    ],
    ["204 with a body", [raw("HTTP/1.1 204 x\r\n\r\nabc")], ""],
    ["two answers to one request", [raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na".repeat(2))], "a"],
  ])("after %s", async (_, answer, text) => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answer(answer);
    provider.answer(json(200, "next"));
    expect((await ask()).text).toBe(text);
    expect((await ask()).text).toBe("next");
    expect(provider.requests.map(({ connection }) => connection)).toEqual([1, 2]);
    await provider.connectionClosed(1);
  });

  test("that says something without having been asked", async () => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    const gate = createGate();
    provider.answer([...json(200, "first"), wait(gate), raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")]);
    provider.answer(json(200, "next"));
    expect((await ask()).text).toBe("first");
    gate.open();
    await provider.connectionClosed(1);
    expect((await ask()).text).toBe("next");
    expect(provider.requests.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test("once its server has answered a request with what nobody asked for, and no other for a while", async () => {
    await using parts = await openWithProvider();
    const { provider, ask, clock } = parts;
    provider.answerAlways(() => json(200, "{}"));
    // Two connections, of which one is still kept when the other one turns out to be bad.
    await Promise.all([ask(post(Buffer.from("1"))), ask(post(Buffer.from("2")))]);
    provider.answer([raw("EXTRA"), stall()]);
    expect(await rejectionOf(ask(post(Buffer.from("3"))))).toMatchObject({ code: "HTTP_UNREQUESTED_BYTES" });
    await untilClosed(provider, 2);
    for (let count = 0; count < 3; count++) {
      expect((await ask(post(Buffer.from("4")))).status).toBe(200);
      await provider.connectionClosed(provider.connections);
    }
    await clock.advance(600_000);
    await ask(post(Buffer.from("5")));
    await ask(post(Buffer.from("6")));
    expect(provider.requests.slice(-2).map(({ connection }) => connection)).toEqual([6, 6]);
  });

  test("once an answer on it was longer than told; nor is any other to that server", async () => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answerAlways(() => json(200, "{}"));
    provider.answer([raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc")]);
    for (let count = 1; count <= 3; count++) {
      expect((await ask()).status).toBe(200);
      await provider.connectionClosed(count);
    }
  });

  test.each(["fin", "reset"] as const)("that the server ended (%s)", async (how) => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answerAlways(() => json(200, "{}"));
    await Promise.all([ask(), ask(), ask()]);
    expect(provider.closeIdleConnections(how)).toBe(3);
    await untilClosed(provider, 3);
    // What was closed is known here one turn of the event loop after the server knows that it is.
    await Bun.sleep(5);
    expect((await ask(post(Buffer.from("{}")))).status).toBe(200);
    expect(provider.connections).toBe(4);
  });
});

describe("a kept connection that turns out to be dead", () => {
  async function keepDying() {
    const parts = await openWithProvider();
    parts.provider.answer(json(200, "first"));
    await parts.ask();
    expect(parts.provider.closeIdleConnections("on-next-byte")).toBe(1);
    parts.provider.answerAlways(() => json(200, "again"));
    return parts;
  }

  test.each(["GET", "HEAD"])("%s is sent again, once, on a new one", async (method) => {
    await using parts = await keepDying();
    const { provider, ask, seen } = parts;
    expect((await ask({ method })).status).toBe(200);
    expect([provider.connections, provider.requests.length, seen.connected]).toEqual([2, 2, 2]);
  });

  test("a GET whose second connection dies too fails", async () => {
    await using parts = await keepDying();
    const { provider, ask } = parts;
    provider.answer([reset()]);
    expect(await rejectionOf(ask())).toMatchObject({ code: "ECONNRESET" });
    expect(provider.connections).toBe(2);
  });

  test("a GET that is answered with what nobody asked for is sent again", async () => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answer(json(200, "first"));
    provider.answer([raw("EXTRA"), stall()]);
    provider.answer(json(200, "again"));
    await ask();
    expect((await ask()).text).toBe("again");
    expect(provider.connections).toBe(2);
  });

  test("a GET on a new connection is sent once", async () => {
    await using parts = await openWithProvider();
    const { provider, ask } = parts;
    provider.answer([close()]);
    expect(await rejectionOf(ask())).toMatchObject({ code: "ECONNRESET" });
    expect(provider.requests).toHaveLength(1);
  });

  test.each([
    ["POST", "{}"],
    ["POST without a body", null],
    ["GET with a body", "{}"],
  ])("%s is never sent again", async (what, body) => {
    await using parts = await keepDying();
    const { provider, ask } = parts;
    const request = { method: what.slice(0, what.indexOf(" ") >>> 0), body: body === null ? null : Buffer.from(body) };
    expect(await rejectionOf(ask(request))).toMatchObject({ code: "ECONNRESET" });
    expect([provider.connections, provider.requests.length]).toEqual([1, 1]);
  });

  test("what was given up is not sent again", async () => {
    await using parts = await keepDying();
    const { provider, send } = parts;
    const { response: answer, abort } = send();
    const reason = new Error("given up");
    abort(reason);
    expect(await rejectionOf(answer)).toBe(reason);
    expect(provider.connections).toBe(1);
  });

  test("what is given up while it is sent again ends", async () => {
    await using parts = await keepDying();
    const { provider, send } = parts;
    const gate = createGate();
    provider.answer([wait(gate)]);
    const { response: answer, abort } = send();
    const failing = answer.catch((error: unknown) => error);
    expect((await provider.nextRequest()).connection).toBe(1);
    expect((await provider.nextRequest()).connection).toBe(2);
    const reason = new Error("given up");
    abort(reason);
    expect(await failing).toBe(reason);
    await provider.connectionClosed(2);
  });
});

describe("connections that carry nothing", () => {
  test("are closed when they have been kept for long enough, each in its time", async () => {
    await using parts = await openWithProvider();
    const { provider, ask, clock, deadlines } = parts;
    const gate = createGate();
    provider.answerAlways(() => [wait(gate), ...json(200, "{}")]);
    const first = [ask(), ask(), ask()];
    while (provider.requests.length < 3) await provider.nextRequest();
    gate.open();
    await Promise.all(first);
    expect(deadlines.size()).toBe(1);
    await clock.advance(IDLE_MS - 1);
    expect(provider.openConnections).toBe(3);
    await ask();
    await clock.advance(1);
    const used = provider.requests.at(-1)?.connection ?? 0;
    await Promise.all([1, 2, 3].filter((id) => id !== used).map((id) => provider.connectionClosed(id)));
    expect([provider.openConnections, deadlines.size()]).toEqual([1, 1]);
    await clock.advance(IDLE_MS - 2);
    expect(provider.openConnections).toBe(1);
    await clock.advance(1);
    await provider.connectionClosed(used);
    expect([deadlines.size(), clock.timersWaiting()]).toEqual([0, 0]);
  });

  test.each([
    ["timeout=5", 4000],
    ["timeout=5, max=100", 4000],
    ["max=100,Timeout = 5", 4000],
    ['timeout="5"', 4000],
    ["timeout=600", IDLE_MS],
    ["timeout=99999999999999999999", IDLE_MS],
    ["timeout=soon", IDLE_MS],
    ["timeout=-5", IDLE_MS],
    ["other-timeout=5", IDLE_MS],
  ])("are closed a second before a server does that says: %s", async (told, keptMs) => {
    await using parts = await openWithProvider();
    const { provider, ask, clock, deadlines } = parts;
    const gate = createGate();
    provider.answerAlways((request) => [
      ...(request.target === "/silent" ? [wait(gate)] : []),
      raw(
        `HTTP/1.1 200 OK\r\n${request.target === "/told" ? `keep-alive: ${told}\r\n` : ""}content-length: 2\r\n\r\n{}`,
      ),
    ]);
    // One that is kept for longer, and before it, must not make the other wait.
    const silent = ask({ url: `${provider.url}/silent` });
    await provider.requestHead();
    const toldOne = ask({ url: `${provider.url}/told` });
    gate.open();
    await silent;
    await toldOne;
    await clock.advance(keptMs - 1);
    expect(provider.openConnections).toBe(2);
    await clock.advance(1);
    await provider.connectionClosed(2);
    expect(provider.openConnections).toBe(keptMs < IDLE_MS ? 1 : 0);
    expect(deadlines.size()).toBe(provider.openConnections);
  });

  test.each(["timeout=0", "timeout=1"])("are not kept for a server that says: %s", async (told) => {
    await using parts = await openWithProvider();
    const { provider, ask, deadlines } = parts;
    provider.answerAlways(() => [raw(`HTTP/1.1 200 OK\r\nkeep-alive: ${told}\r\ncontent-length: 2\r\n\r\n{}`)]);
    await ask();
    await provider.connectionClosed(1);
    expect(deadlines.size()).toBe(0);
  });

  test("are closed with the transport; one that comes back later is closed then", async () => {
    await using parts = await openWithProvider();
    const { provider, ask, close: closeAll, deadlines } = parts;
    const gate = createGate();
    provider.answerAlways((request) => [
      wait(request.target === "/slow" ? gate : Promise.resolve()),
      ...json(200, "{}"),
    ]);
    const slow = ask({ url: `${provider.url}/slow` });
    await provider.requestHead();
    await ask();
    closeAll();
    await provider.connectionClosed(2);
    expect(provider.openConnections).toBe(1);
    gate.open();
    expect((await slow).text).toBe("{}");
    await provider.connectionClosed(1);
    expect(deadlines.size()).toBe(0);
  });

  test("are no more than the pool may hold", () => {
    const clock = createManualClock();
    const deadlines = createDeadlines(clock);
    const pool = createConnectionPool(deadlines, clock.now, 2);
    const connections = Array.from({ length: 3 }, createIdleConnection);
    for (const connection of connections) pool.give(connection);
    expect(connections.map(({ isOpen }) => isOpen)).toEqual([true, true, false]);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([connections[1], connections[0], undefined]);
    pool.giveBack(connections[0] as Connection, false);
    expect(pool.take()).toBeUndefined();
    pool.close();
    expect(deadlines.size()).toBe(0);
  });
});

function createIdleConnection(): Connection {
  let isOpen = true;
  return {
    listener: undefined,
    idleUntil: 0,
    keptMs: Number.POSITIVE_INFINITY,
    wasUsed: false,
    isSuspect: false,
    isDrained: true,
    get isOpen() {
      return isOpen;
    },
    write: () => true,
    writeTogether: () => true,
    pause() {},
    resume() {},
    close() {
      isOpen = false;
    },
  };
}
