import { afterEach, describe, expect, test } from "bun:test";
import { ClientAnswer, type StreamSource } from "../../../src/core/client-answer.ts";
import { serveHttp } from "../../../src/server/http1/http-server.ts";
import { createDeadlines } from "../../../src/core/deadlines.ts";
import { Failure } from "../../../src/core/errors.ts";
import { pumpStream, startPump } from "../../../src/pipeline/stream/stream-pump.ts";
import { bodyOfBytes } from "../../../src/upstream/body.ts";
import type { UpstreamCall } from "../../../src/upstream/call.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { PushedBody } from "../../fixtures/pushed-body.ts";
import { openRawClient, type RawClient } from "../../fixtures/raw-http-client.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { within } from "../../fixtures/within.ts";

const MIB = 1024 * 1024;

/** A call whose only business is to be aborted, with a journal of what it was told. */
function createCall() {
  let reason: Failure | undefined;
  let listener: ((reason: Failure) => void) | undefined;
  const told: string[] = [];
  const abort = (failure: Failure): void => {
    if (reason) return;
    reason = failure;
    listener?.(failure);
  };
  const call: UpstreamCall = {
    send: () => Promise.reject(new Error("not under test")),
    awaitsContent: false,
    contentBegan() {},
    becomeStream: () => void told.push("becomeStream"),
    touch: () => void told.push("touch"),
    awaitClient: () => void told.push("awaitClient"),
    abort,
    onAbort(added) {
      listener = added;
    },
    explain: () => reason ?? new Failure("upstream_reset"),
    close() {},
  };
  return { call, abort, told };
}

/** What the listener was told, in order. */
function createJournal(terminalErrorEvent = "bye") {
  const entries: string[] = [];
  const ended = Promise.withResolvers<void>();
  return {
    entries,
    ended: ended.promise,
    listener: {
      onChunk: (chunk: Uint8Array) =>
        void entries.push(chunk.length > 99 ? "long chunk" : `chunk ${Buffer.from(chunk)}`),
      terminalErrorEvent(failure: Failure) {
        entries.push(`last words for ${failure.code}`);
        return terminalErrorEvent === "" ? undefined : Buffer.from(terminalErrorEvent);
      },
      onEnd(failure: Failure | undefined) {
        entries.push(`end ${failure?.code ?? "well"}`);
        ended.resolve();
      },
    },
  };
}

/** A body that a test pushes, with what was asked of its sender. */
function createBody() {
  const body = new PushedBody();
  return {
    body,
    asked: body.asked,
    push(...chunks: readonly (string | Uint8Array)[]) {
      for (const chunk of chunks) body.write(Buffer.from(chunk));
      body.flush();
    },
    end: () => body.end(),
    fail: () => body.fail(new Error("broken")),
  };
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Has a client ask for a stream, as the gateway serves it. */
async function ask(stream: StreamSource | undefined): Promise<RawClient> {
  if (!stream) throw new Error("there is no stream");
  const serve = () => new ClientAnswer(stream, { status: 200, headers: {} });
  const address = { hostname: "127.0.0.1", port: 0, reusePort: false };
  const limits = { idleMs: 30_000, maxHeadBytes: 32_768 };
  const server = serveHttp({ ...address, ...limits }, { serve, serveFault: () => new Response() });
  closing.push(async () => server.stop(true));
  const client = await openRawClient(server.port ?? 0);
  closing.push(async () => client.leave());
  await client.request("GET", "/");
  return client;
}

const text = async (bytes: Promise<Uint8Array | undefined>): Promise<string | undefined> => {
  const read = await bytes;
  return read && Buffer.from(read).toString();
};

function setUp(terminalErrorEvent?: string) {
  const source = createBody();
  const upstream = createCall();
  const journal = createJournal(terminalErrorEvent);
  return { ...source, ...upstream, ...journal, streaming: pumpStream(source.body, upstream.call, journal.listener) };
}

describe("before the first byte", () => {
  test("a failure is thrown, and nobody is told of an end", async () => {
    const { streaming, fail, entries } = setUp();
    fail();
    expect(await rejectionOf(streaming)).toMatchObject({ code: "upstream_reset" });
    expect(entries).toEqual([]);
  });

  test.each([
    ["no body", null],
    ["an empty body", bodyOfBytes(new Uint8Array(0))],
  ])("%s is nothing", async (_, body) => {
    const { entries, listener } = createJournal();
    expect(await pumpStream(body, createCall().call, listener)).toBeUndefined();
    expect(entries).toEqual([]);
  });

  test("the call becomes a stream before anything is awaited", () => {
    expect(setUp().told).toEqual(["becomeStream"]);
  });
});

describe("after it", () => {
  test("a stream that ends well: its chunks as they came, each at once, one end", async () => {
    const { streaming, push, end, entries } = setUp();
    push("a");
    const client = await ask(await streaming);
    for (const letter of ["b", "c"]) {
      expect(await text(client.nextChunk())).toBe(letter === "b" ? "a" : "b");
      push(letter);
    }
    expect(await text(client.nextChunk())).toBe("c");
    end();
    expect(await client.nextChunk()).toBeUndefined();
    expect(entries).toEqual(["chunk a", "chunk b", "chunk c", "end well"]);
  });

  test("a stream that is whole before it is asked for", async () => {
    const { streaming, push, end, entries } = setUp();
    push("a", "b");
    end();
    const client = await ask(await streaming);
    expect(await client.body()).toMatchObject({ text: "ab", complete: true });
    expect(entries).toEqual(["chunk a", "chunk b", "end well"]);
  });

  test("a stream that breaks: the last words are said before the end is booked, and the stream ends cleanly", async () => {
    const { streaming, push, fail, entries } = setUp();
    push("a");
    const client = await ask(await streaming);
    expect(await text(client.nextChunk())).toBe("a");
    fail();
    expect(await client.body()).toMatchObject({ text: "abye", complete: true });
    expect(entries).toEqual(["chunk a", "last words for upstream_reset", "end upstream_reset"]);
  });

  test.each(["before", "after"])(
    "a stream that breaks %s it is asked for, where no last words are possible: it does not end cleanly",
    async (when) => {
      const { streaming, push, fail, entries, ended } = setUp("");
      push("a");
      if (when === "before") fail();
      const client = await ask(await streaming);
      if (when === "after") {
        expect(await text(client.nextChunk())).toBe("a");
        fail();
      }
      expect(await client.body()).toMatchObject({ complete: false });
      await ended;
      expect(entries.at(-1)).toBe("end upstream_reset");
      expect(entries.filter((entry) => entry.startsWith("end"))).toHaveLength(1);
    },
  );

  test("an abort before the stream is asked for: what has come goes before the last words", async () => {
    const { streaming, push, abort, entries } = setUp();
    push("a");
    const stream = await streaming;
    abort(new Failure("shutting_down"));
    expect(entries).toEqual([]);
    const client = await ask(stream);
    expect(await client.body()).toMatchObject({ text: "abye", complete: true });
    expect(entries).toEqual(["chunk a", "last words for shutting_down", "end shutting_down"]);
  });

  test("an abort amid the stream: one end, whatever the body still says", async () => {
    const { streaming, push, abort, fail, end, entries } = setUp();
    push("a");
    const client = await ask(await streaming);
    expect(await text(client.nextChunk())).toBe("a");
    abort(new Failure("shutting_down"));
    push("late");
    fail();
    end();
    expect(await client.body()).toMatchObject({ text: "abye", complete: true });
    expect(entries).toEqual(["chunk a", "last words for shutting_down", "end shutting_down"]);
  });

  test("a provider that sends what says nothing to the client is silent: the client gets a sign of life", async () => {
    const clock = createManualClock();
    const heartbeat = { deadlines: createDeadlines(clock), now: clock.now, intervalMs: 15_000 };
    const filter = { push: (bytes: Uint8Array) => (bytes[0] === 0x3a ? bytes.subarray(bytes.length) : bytes) };
    const { body, push, end } = createBody();
    const { call, told } = createCall();
    const { listener } = createJournal();
    push("a");
    const options = { filter: { ...filter, flush: () => new Uint8Array(0) }, heartbeat };
    const client = await ask(startPump(body, call, { ...listener, signOfLife: () => Buffer.from("!") }, options));
    expect(await text(client.nextChunk())).toBe("a");
    await clock.advance(10_000);
    const before = told.length;
    push(": ping");
    expect(told.slice(before)).toEqual(["touch"]);
    await clock.advance(6_000);
    expect(await text(client.nextChunk())).toBe("!");
    end();
    expect(await client.nextChunk()).toBeUndefined();
  });

  test("a client that leaves: one end, no words, and the call is given up", async () => {
    const { streaming, push, abort, call, entries, ended } = setUp();
    push("a");
    const client = await ask(await streaming);
    expect(await text(client.nextChunk())).toBe("a");
    client.leave();
    await within(ended, 2000, "the end");
    abort(new Failure("shutting_down"));
    expect(entries).toEqual(["chunk a", "end client_gone"]);
    expect(call.explain(undefined).code).toBe("client_gone");
  });

  test("a client that has left before its stream is asked for: one end", async () => {
    const { streaming, push, abort, entries } = setUp();
    push("a");
    await streaming;
    abort(new Failure("client_gone"));
    expect(entries).toEqual(["end client_gone"]);
  });
});

describe("a client that does not read", () => {
  /** Pushes until the sender is asked to wait; returns how much that took. */
  async function fill({ push, asked }: Pick<ReturnType<typeof createBody>, "push" | "asked">): Promise<number> {
    const piece = new Uint8Array(64 * 1024).fill(0x78);
    let pushed = 0;
    while (!asked.includes("pause")) {
      push(piece);
      pushed += piece.length;
      if (pushed > 64 * MIB) throw new Error("it is never asked to wait");
      await new Promise((resolve) => setImmediate(resolve));
    }
    return pushed;
  }

  async function openHeld() {
    const parts = setUp();
    parts.push("a");
    const client = await ask(await parts.streaming);
    expect(await text(client.nextBytes())).toBe("a");
    client.pause();
    const pushed = await fill(parts);
    return { ...parts, client, pushed };
  }

  test("before the stream is asked for: the provider waits until it is", async () => {
    const { streaming, push, end, asked } = setUp();
    push(new Uint8Array(257 * 1024));
    const stream = await streaming;
    expect(asked).toEqual(["pause"]);
    const client = await ask(stream);
    while (asked.length < 2) await client.nextBytes();
    expect(asked).toEqual(["pause", "resume"]);
    end();
    expect((await client.body()).complete).toBe(true);
  });

  test("amid it: the provider waits, and the time runs against the client; then everything comes", async () => {
    const { client, pushed, asked, told, push, end, entries, ended } = await openHeld();
    expect(pushed).toBeLessThan(24 * MIB);
    expect(asked).toEqual(["pause"]);
    expect(told.at(-1)).toBe("awaitClient");
    client.resume();
    let read = 0;
    while (read < pushed) read += (await client.nextBytes())?.length ?? 0;
    expect(asked).toEqual(["pause", "resume"]);
    expect(told.at(-1)).toBe("touch");
    push("z");
    end();
    const rest = await client.body();
    expect([read + rest.bytes.length, rest.complete]).toEqual([pushed + 1, true]);
    await ended;
    expect(entries.at(-1)).toBe("end well");
  });

  test("a provider that ends meanwhile: the end is booked when the client has everything", async () => {
    const { client, pushed, asked, end, entries, ended } = await openHeld();
    end();
    expect(entries.at(-1)).toBe("long chunk");
    client.resume();
    const rest = await client.body();
    expect([rest.bytes.length, rest.complete]).toEqual([pushed, true]);
    await ended;
    expect(entries.at(-1)).toBe("end well");
    expect(asked).toEqual(["pause"]);
  });

  test.each(["break", "abort"] as const)(
    "a provider that fails meanwhile (%s): the last words come after everything",
    async (how) => {
      const { client, pushed, fail, abort, entries } = await openHeld();
      if (how === "break") fail();
      else abort(new Failure("client_stalled"));
      expect(entries.at(-1)).toBe(how === "break" ? "end upstream_reset" : "end client_stalled");
      client.resume();
      const rest = await client.body();
      expect([rest.bytes.length, rest.complete]).toEqual([pushed + 3, true]);
      expect(Buffer.from(rest.bytes.subarray(-3)).toString()).toBe("bye");
    },
  );

  test("that leaves then: one end, and nobody is resumed", async () => {
    const { client, asked, entries, ended } = await openHeld();
    client.reset();
    await within(ended, 2000, "the end");
    expect(entries.at(-1)).toBe("end client_gone");
    expect(asked).toEqual(["pause"]);
  });
});
