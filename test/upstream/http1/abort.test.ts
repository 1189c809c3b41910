import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "../../fixtures/answers.ts";
import { freePort } from "../../fixtures/free-port.ts";
import { createGate } from "../../fixtures/gate.ts";
import type { MockProvider } from "../../fixtures/mock-provider.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { chunk, flood, head, stall } from "../../fixtures/script.ts";
import { isPending, within } from "../../fixtures/within.ts";
import { openTransport, openWithProvider, post } from "./open-transport.ts";

const REASON = new Error("given up");
const CHUNKED = { "transfer-encoding": "chunked" };

/** Longer than an attempt that nobody waits for may take. */
const LONG_MS = 5000;

/** What a body ends with. */
function takeBody({ body }: Awaited<ReturnType<ReturnType<typeof openTransport>["send"]>["response"]>) {
  const first = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  body?.consume({
    write: () => first.resolve(),
    flush() {},
    end: () => ended.resolve("well"),
    fail: ended.resolve,
  });
  return { body, first: first.promise, ended: ended.promise };
}

async function expectAllClosed(provider: MockProvider): Promise<void> {
  for (let id = 1; id <= provider.connections; id++) expect((await provider.connectionClosed(id)).by).toBe("peer");
  expect(provider.openConnections).toBe(0);
}

describe("a request that is given up", () => {
  test.each([
    ["TCP", undefined],
    ["a unix socket", join(tmpdir(), `given-up-${crypto.randomUUID()}.sock`)],
  ])("while its connection is made (%s): it ends at once, and the connection serves the next", async (_, unix) => {
    await using parts = await openWithProvider(unix === undefined ? {} : { unix });
    const { provider, send, ask, seen } = parts;
    provider.answerAlways(() => json(200, "{}"));
    const { response: answer, abort } = send(post(Buffer.from("never")));
    abort(REASON);
    abort(new Error("too late"));
    expect(await rejectionOf(answer)).toBe(REASON);
    while (provider.connections === 0) await Bun.sleep(1);
    // Both ends are in this process: this one learns of it within a turn of the event loop.
    await Bun.sleep(5);
    expect((await ask()).text).toBe("{}");
    expect(seen.connected).toBe(1);
    expect(provider.requests.map(({ method, connection }) => [method, connection])).toEqual([["GET", 1]]);
  });

  test("while its connection is made, and the transport is closed: the connection too", async () => {
    await using parts = await openWithProvider();
    const { provider, send, close: closeAll } = parts;
    const { response: answer, abort } = send();
    abort(REASON);
    closeAll();
    expect(await rejectionOf(answer)).toBe(REASON);
    while (provider.connections === 0) await Bun.sleep(1);
    await expectAllClosed(provider);
  });

  test("while its answer is awaited: the connection is closed", async () => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    provider.answer([stall()]);
    const { response: answer, abort } = send();
    const failing = answer.catch((error: unknown) => error);
    await provider.nextRequest();
    abort(REASON);
    expect(await failing).toBe(REASON);
    await expectAllClosed(provider);
  });

  test("amid the head", async () => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    provider.answer([{ kind: "raw", bytes: Buffer.from("HTTP/1.1 200 OK\r\nx-a") }, stall()]);
    const { response: answer, abort } = send();
    const failing = answer.catch((error: unknown) => error);
    await provider.nextRequest();
    await Bun.sleep(5);
    abort(REASON);
    expect(await failing).toBe(REASON);
    await expectAllClosed(provider);
  });

  test.each(["abort", "cancel"] as const)("amid the body (%s)", async (how) => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    provider.answer([head(200, CHUNKED), chunk("a"), stall()]);
    const { response: answer, abort } = send();
    const { body, first, ended } = takeBody(await answer);
    await first;
    if (how === "abort") abort(REASON);
    else body?.cancel();
    await expectAllClosed(provider);
    if (how === "abort") expect(await ended).toBe(REASON);
    else expect(await isPending(ended, 20)).toBe(true);
  });

  test("before anyone takes the body: its taker is told, and keeps what has come", async () => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    provider.answer([{ kind: "raw", bytes: Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na") }, stall()]);
    const { response: answer, abort } = send();
    const answered = await answer;
    abort(REASON);
    const { first, ended } = takeBody(answered);
    await first;
    expect(await ended).toBe(REASON);
    await expectAllClosed(provider);
  });

  test("while the server is held back", async () => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    provider.answer([head(200, CHUNKED), flood(64 * 1024 * 1024)]);
    const { response: answer, abort } = send();
    const { body, first, ended } = takeBody(await answer);
    await first;
    body?.pause();
    await provider.heldBack(1, { quiet: 50 });
    abort(REASON);
    expect(await ended).toBe(REASON);
    await expectAllClosed(provider);
  });

  test("amid its own body: the source is told", async () => {
    await using parts = await openWithProvider();
    const { provider, send } = parts;
    const cancelled = createGate();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from("part")),
      cancel: () => cancelled.open(),
    });
    const { response: answer, abort } = send(post(source));
    const failing = answer.catch((error: unknown) => error);
    const request = await provider.requestHead();
    while (request.bodyReceived < 4) await Bun.sleep(1);
    abort(REASON);
    expect(await failing).toBe(REASON);
    await within(cancelled.opened, 1000, "the source to be told");
    await expectAllClosed(provider);
  });

  test("when it is over: nothing happens", async () => {
    await using parts = await openWithProvider();
    const { provider, send, ask } = parts;
    provider.answerAlways(() => json(200, "{}"));
    const { response: answer, abort } = send();
    const { ended } = takeBody(await answer);
    expect(await ended).toBe("well");
    abort(REASON);
    await ask();
    expect(provider.connections).toBe(1);
  });
});

/** A port that nobody listens on. */
const NOBODY = await freePort();

describe("a connection that does not come about", () => {
  test.each<[what: string, url: string, unix: string | undefined, codes: readonly string[]]>([
    ["nobody listens", `http://127.0.0.1:${NOBODY}`, undefined, ["ECONNREFUSED"]],
    ["nobody listens, with TLS", `https://127.0.0.1:${NOBODY}`, undefined, ["ECONNREFUSED"]],
    ["no such name", "http://no-such-host.invalid", undefined, ["ENOTFOUND", "EAI_AGAIN", "DNS_ENOTFOUND"]],
    ["no such unix socket", "http://localhost", join(tmpdir(), `nobody-${crypto.randomUUID()}.sock`), ["ENOENT"]],
    ["a path that is no socket", "http://localhost", import.meta.path, ["ECONNREFUSED", "ENOTSOCK"]],
    ["a path too long for a socket", "http://localhost", `/tmp/${"x".repeat(200)}`, ["EINVAL", "ENAMETOOLONG"]],
  ])("because %s is an error with its code", async (_, url, unix, codes) => {
    using transport = openTransport({ url, unix });
    const { response: answer, abort } = transport.send();
    const error: unknown = await answer.catch((reason: unknown) => reason);
    abort(undefined);
    expect(codes).toContain((error as { readonly code: string }).code);
    const phase = url.endsWith(".invalid") ? "dns" : "connect";
    expect(error).toMatchObject({ phase, requestSent: false, retryable: true });
    expect([transport.seen.connected, transport.deadlines.size()]).toEqual([0, 0]);
  });

  test("because the TLS handshake stalls: it is closed soon after nobody waits for it any more", async () => {
    const [opened, closed] = [createGate(), createGate()];
    using mute = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: () => opened.open(), close: () => closed.open(), data() {} },
    });
    using transport = openTransport({ url: `https://127.0.0.1:${mute.port}`, unix: undefined });
    const { response: answer, abort } = transport.send();
    const failing = answer.catch((error: unknown) => error);
    await opened.opened;
    await transport.clock.advance(LONG_MS);
    expect(closed.isOpen).toBe(false);
    abort(REASON);
    expect(await failing).toBe(REASON);
    await transport.clock.advance(LONG_MS);
    await within(closed.opened, 1000, "the socket to be closed");
    expect([transport.seen.connected, transport.deadlines.size()]).toEqual([0, 0]);
  });
});
