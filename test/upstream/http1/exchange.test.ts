import { describe, expect, test } from "bun:test";
import type { Connection } from "../../../src/upstream/http1/connection.ts";
import { inOnePiece } from "../../../src/upstream/http1/outgoing.ts";
import { startExchange } from "../../../src/upstream/http1/exchange.ts";
import { createRequestWriter } from "../../../src/upstream/http1/write-request.ts";
import { originOf } from "../../../src/upstream/http1/origin.ts";
import type { UpstreamResponse, ResponseBody, PendingResponse, WireRequest } from "../../../src/upstream/transport.ts";
import { createSink } from "../body-sink.ts";
import { latin1 } from "./every-cut.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";

const ORIGIN = originOf({ baseUrl: "http://upstream.example", unixSocket: undefined });
const SERVER = { origin: ORIGIN, write: createRequestWriter(ORIGIN) };
const HEAD = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n";

/** A request on a connection whose every byte the test says. */
function setUp(request: Partial<WireRequest> = {}, isDrained = true, sendAgain?: () => PendingResponse) {
  const asked: string[] = [];
  const written: string[] = [];
  const done: boolean[] = [];
  const connection: Connection = {
    listener: undefined,
    idleUntil: 0,
    keptMs: Number.POSITIVE_INFINITY,
    isOpen: true,
    wasUsed: false,
    isSuspect: false,
    isDrained,
    write(bytes) {
      written.push(Buffer.from(bytes).toString("latin1"));
      return true;
    },
    writeTogether: (message) => connection.write(inOnePiece(message)),
    pause: () => void asked.push("pause"),
    resume: () => void asked.push("resume"),
    close: () => void asked.push("close"),
  };
  const whole = { url: "http://upstream.example/", method: "GET", headers: {}, body: null, ...request };
  const sending = startExchange(connection, SERVER, whole, (_, reusable) => void done.push(reusable), sendAgain);
  return {
    connection,
    asked,
    written,
    done,
    sending,
    /** What the server says, each text as a read of its own. */
    say(...texts: readonly string[]) {
      for (const text of texts) connection.listener?.data(latin1(text));
    },
  };
}

async function takeBody(
  { sending, say }: ReturnType<typeof setUp>,
  ...first: readonly string[]
): Promise<ResponseBody> {
  say(HEAD, ...first);
  const { body } = await sending.response;
  if (!body) throw new Error("it has no body");
  return body;
}

test("events that come along with the head are handed out one by one, as those behind it are", async () => {
  const events = Array.from({ length: 40 }, (_, index) => `data: ${"x".repeat(60)} ${index}\n\n`);
  const { sending, say } = setUp();
  const chunks = events.map((event) => `${event.length.toString(16)}\r\n${event}\r\n`).join("");
  say(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
  const { body } = await sending.response;
  const { told, sink } = createSink();
  body?.consume(sink);
  expect(told).toEqual([...events, "flush"]);
});

describe("the body", () => {
  test("what came before it was taken is handed over first, in order", async () => {
    const parts = setUp();
    const body = await takeBody(parts, "ab", "c");
    const { told, sink: consumer } = createSink();
    body.consume(consumer);
    parts.say("de", "f");
    expect(told).toEqual(["ab", "c", "flush", "de", "flush", "f", "end"]);
    expect(parts.done).toEqual([true]);
  });

  test("is whole if it came along with the header, until it is taken", async () => {
    const parts = setUp();
    parts.say(`${HEAD}abcdef`);
    const { body } = await parts.sending.response;
    expect(Buffer.from(body?.whole ?? []).toString()).toBe("abcdef");
    const { told, sink: consumer } = createSink();
    body?.consume(consumer);
    expect([told, body?.whole]).toEqual([["abcdef", "end"], undefined]);
  });

  test("is not whole while it goes on, nor when it broke off", async () => {
    const parts = setUp();
    const body = await takeBody(parts, "abc");
    expect(body.whole).toBeUndefined();
    parts.connection.listener?.closed(new Error("broken"), false);
    expect(body.whole).toBeUndefined();
    const { told, sink: consumer } = createSink();
    body.consume(consumer);
    expect(told).toEqual(["abc", "flush", "fail Error"]);
  });
});

/** What of a body comes before it is taken, and what after. */
const WHEN = [
  ["before it is taken", ["abc"], ["def"]],
  ["after it is taken", [], ["abc", "def"]],
  ["with its end", [], ["abcdef"]],
  ["with its end, before it is taken", ["abcdef"], []],
] as const;

describe("a sink that has enough", () => {
  test.each(
    WHEN.flatMap(([when, before, after]) =>
      // What comes with its end is not flushed before that.
      [...(when.startsWith("with") ? [] : ["flush"]), String(before[0] ?? after[0])].map(
        (at) => [at, when, before, after] as const,
      ),
    ),
  )("at %j that came %s hears nothing more, and the connection is done with once", async (at, _, before, after) => {
    for (const how of ["cancel", "abort"] as const) {
      const parts = setUp();
      const body = await takeBody(parts, ...before);
      const { told, sink: consumer } = createSink(at, () => {
        if (how === "cancel") body.cancel();
        else parts.sending.abort(new Error("enough"));
      });
      body.consume(consumer);
      parts.say(...after);
      const isOver = before[0] === "abcdef";
      const position = told.indexOf(at);
      const rest = told.slice(position + 1);
      if (how === "cancel") expect(rest).toEqual([]);
      // An answer that is over cannot be given up any more.
      else if (isOver) expect(rest.at(-1)).toBe("end");
      else expect(rest).toEqual(["fail enough"]);
      expect(parts.done).toEqual([isOver]);
    }
  });
});

describe("a connection that ends before anything of the request has left", () => {
  const BODY = { method: "POST", body: Buffer.from("{}") };

  /** A request on a connection that has not begun to write it; what it is sent on instead answers as the test says. */
  function setUpUnsent(request: Partial<WireRequest> = BODY) {
    const again = Promise.withResolvers<UpstreamResponse>();
    const aborted: unknown[] = [];
    let sent = 0;
    const parts = setUp(request, false, () => {
      sent += 1;
      return { response: again.promise, abort: (reason) => void aborted.push(reason) };
    });
    return { ...parts, again, aborted, sent: () => sent };
  }
  const ANSWER: UpstreamResponse = { status: 204, headers: new Headers(), body: null };

  test("is left for another one, whatever the method", async () => {
    const parts = setUpUnsent();
    parts.connection.listener?.closed(undefined, true);
    expect([parts.sent(), parts.done]).toEqual([1, [false]]);
    parts.again.resolve(ANSWER);
    expect(await parts.sending.response).toBe(ANSWER);
  });

  test("and what is given up then is given up there", () => {
    const parts = setUpUnsent();
    parts.connection.listener?.closed(new Error("reset"), true);
    const reason = new Error("given up");
    parts.sending.abort(reason);
    expect(parts.aborted).toEqual([reason]);
  });

  test("but not if the request has left, or has a body that cannot be sent twice", async () => {
    const left = setUpUnsent();
    left.connection.listener?.drained();
    left.connection.listener?.closed(undefined, true);
    const stream = setUpUnsent({ method: "POST", body: new ReadableStream() });
    stream.connection.listener?.closed(undefined, true);
    const begun = setUpUnsent();
    begun.connection.listener?.closed(undefined, false);
    for (const parts of [left, stream, begun]) {
      expect(await rejectionOf(parts.sending.response)).toMatchObject({ code: "ECONNRESET" });
      expect(parts.sent()).toBe(0);
    }
  });
});

describe("a body that comes faster than it is taken", () => {
  const LONG = "x".repeat(300 * 1024);
  const open = (parts: ReturnType<typeof setUp>) =>
    parts.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4b000\r\n", LONG);

  test("is held back until it is taken", async () => {
    const parts = setUp();
    open(parts);
    expect(parts.asked).toEqual(["pause"]);
    const { body } = await parts.sending.response;
    const { told, sink: consumer } = createSink();
    body?.consume(consumer);
    expect(parts.asked).toEqual(["pause", "resume"]);
    parts.say("\r\n0\r\n\r\n");
    expect(told).toEqual([LONG, "flush", "end"]);
  });

  test("is held back again if its sink wants it so", async () => {
    const parts = setUp();
    open(parts);
    const { body } = await parts.sending.response;
    body?.consume(createSink(LONG, () => body.pause()).sink);
    expect(parts.asked).toEqual(["pause", "pause"]);
    body?.resume();
    expect(parts.asked.at(-1)).toBe("resume");
  });

  test("cannot be held back when it is over: the connection may be another's by then", async () => {
    const parts = setUp();
    const body = await takeBody(parts, "abcdef");
    const before = [...parts.asked];
    body.pause();
    body.resume();
    body.cancel();
    expect(parts.asked).toEqual(before);
    expect(parts.done).toEqual([true]);
  });
});

describe("the connection", () => {
  test("is closed if the request cannot be written, and the answer tells why", async () => {
    const { sending, done, asked, written } = setUp({ headers: { "x-a": "a\r\nb: c" } });
    expect(await rejectionOf(sending.response)).toMatchObject({ code: "REQUEST_HEADER" });
    expect([done, asked, written]).toEqual([[false], ["close"], []]);
  });

  test("is closed if the answer is over before the request has left", async () => {
    const parts = setUp({ method: "POST", body: Buffer.from("abc") }, false);
    parts.say(`${HEAD}abcdef`);
    expect((await parts.sending.response).status).toBe(200);
    expect([parts.done, parts.asked]).toEqual([[false], ["close"]]);
  });

  test("is done with once, whatever comes afterwards", async () => {
    const parts = setUp();
    const { listener } = parts.connection;
    parts.say(`${HEAD}abcdef`);
    listener?.data(latin1("x"));
    listener?.closed(undefined, false);
    listener?.closed(new Error("broken"), false);
    parts.sending.abort(new Error("late"));
    expect((await parts.sending.response).body?.whole).toBeDefined();
    expect(parts.done).toEqual([true]);
    expect(parts.connection.listener).toBeUndefined();
  });

  test("carries a short body in one write with its head, and a body if one must be, even of nothing", () => {
    expect(setUp({ method: "POST", body: Buffer.from("abc") }).written).toEqual([
      "POST / HTTP/1.1\r\nhost: upstream.example\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nabc",
    ]);
    expect(setUp({ method: "POST" }).written[0]).toContain("content-length: 0\r\n");
    expect(setUp({ method: "PUT", body: new Uint8Array(0) }).written[0]).toContain("content-length: 0\r\n");
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) {
      expect(setUp({ method }).written[0]).not.toContain("content-length");
    }
    const long = "x".repeat(33 * 1024);
    const { written } = setUp({ method: "POST", body: Buffer.from(long) });
    expect(written.join("")).toEndWith(`content-length: ${long.length}\r\n\r\n${long}`);
  });
});
