import { Failure } from "../../../src/core/errors.ts";
import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { close, raw, stall, wait } from "../../fixtures/script.ts";
import { within } from "../../fixtures/within.ts";
import { openForEachTest, openTransport, post, type TransportWithProvider } from "./open-transport.ts";

const MIB = 1024 * 1024;
/** More than the kernel takes of what the other side does not read. */
const HUGE = 64 * MIB;

let provider: MockProvider;
let transport: TransportWithProvider;
openForEachTest((opened) => {
  transport = opened;
  provider = opened.provider;
});

/** A source that gives these pieces as they are asked for, with a count of what was. */
function createSource(pieces: Iterable<Uint8Array | Error>) {
  const left = pieces[Symbol.iterator]();
  const seen = { pulled: 0, cancelled: createGate() };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = left.next();
        if (done) return controller.close();
        if (value instanceof Error) return controller.error(value);
        seen.pulled += value.length;
        controller.enqueue(value);
      },
      cancel: () => seen.cancelled.open(),
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

function* pieces(count: number, length: number): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(length).fill(0x61 + (index % 26));
}

const hash = (bytes: Uint8Array): string => String(Bun.hash(bytes));

describe("a stream as body", () => {
  test("of a length that is told, and one that is not", async () => {
    const whole = Buffer.concat([...pieces(30, 10_000)]);
    for (const headers of [{ "content-length": String(whole.length) }, {}]) {
      provider.answer(json(200, "{}"));
      await transport.ask(post(createSource(pieces(30, 10_000)).stream, headers));
      const request = provider.requests.at(-1);
      expect(hash(request?.body ?? new Uint8Array())).toBe(hash(whole));
      const isTold = "content-length" in headers;
      expect(request?.header("content-length")).toBe(isTold ? String(whole.length) : undefined);
      expect(request?.header("transfer-encoding")).toBe(isTold ? undefined : "chunked");
    }
    expect(provider.connections).toBe(1);
  });

  test("that fails: the answer is its error, the server gets no end, the connection is closed", async () => {
    const broken = new Failure("body_interrupted");
    expect(await rejectionOf(transport.ask(post(createSource([Buffer.from("ab"), broken]).stream)))).toBe(broken);
    await provider.connectionClosed(1);
    expect(provider.requests).toEqual([]);
  });

  test.each([
    ["shorter", "9"],
    ["longer", "3"],
  ])("that is %s than told: an error, and the connection is closed", async (_, told) => {
    provider.answerAlways(() => [stall()]);
    const { stream } = createSource([Buffer.from("ab"), Buffer.from("cd")]);
    const sent = transport.ask(post(stream, { "content-length": told }));
    expect(await rejectionOf(sent)).toMatchObject({ code: "UPLOAD_LENGTH" });
    await provider.connectionClosed(1);
  });

  test("that fails for another reason has not come as it was announced", async () => {
    const { stream } = createSource([Buffer.from("ab"), new Error("the client has gone")]);
    expect(await rejectionOf(transport.ask(post(stream)))).toMatchObject({
      fault: "upload",
      phase: "send",
      code: "Error",
    });
  });

  test("that another reads already is refused", async () => {
    const { stream } = createSource([]);
    stream.getReader();
    expect(await rejectionOf(transport.ask(post(stream)))).toMatchObject({
      code: "ERR_INVALID_STATE",
      phase: "send",
      requestSent: false,
    });
  });

  test("that is answered before it has ended: the answer counts, the rest is let go of", async () => {
    provider.answer([raw("HTTP/1.1 413 x\r\ncontent-length: 2\r\n\r\nno"), stall()], { at: "head" });
    const { stream, seen } = createSource(pieces(HUGE / 65_536, 65_536));
    provider.answer(json(200, "next"));
    expect(await transport.ask(post(stream))).toMatchObject({ status: 413, text: "no" });
    await within(seen.cancelled.opened, 1000, "the source to be told");
    await provider.connectionClosed(1);
    expect((await transport.ask()).text).toBe("next");
    expect(provider.connections).toBe(2);
  });

  test("that is answered while it goes on, both to their ends: the connection is kept", async () => {
    provider.answer(
      [raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n"), wait(gateOf()), raw("0\r\n\r\n")],
      {
        at: "head",
      },
    );
    const gate = createGate();
    let isFirst = true;
    const source = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (isFirst) controller.enqueue(Buffer.from("a"));
          else {
            await gate.opened;
            controller.close();
          }
          isFirst = false;
        },
      },
      { highWaterMark: 0 },
    );
    const { response: answer } = transport.send(post(source));
    const { body } = await answer;
    const over = Promise.withResolvers<void>();
    body?.consume({ write: () => gate.open(), flush() {}, end: over.resolve, fail: over.reject });
    await provider.nextRequest();
    answering.open();
    await within(over.promise, 2000, "the end of the answer");
    provider.answer(json(200, "next"));
    expect((await transport.ask()).text).toBe("next");
    expect(provider.connections).toBe(1);
  });

  test("waits for a server that does not read", async () => {
    provider.answerAlways(() => json(200, "{}"));
    const { stream, seen } = createSource(pieces(HUGE / 65_536, 65_536));
    const asked = transport.ask(post(stream));
    const { connection } = await provider.requestHead();
    provider.pauseReading(connection);
    let before = -1;
    while (before !== seen.pulled) {
      before = seen.pulled;
      await Bun.sleep(50);
    }
    expect(seen.pulled).toBeLessThan(HUGE / 2);
    provider.resumeReading(connection);
    await asked;
    expect(seen.pulled).toBe(HUGE);
    expect(provider.requests[0]?.bodyReceived).toBe(HUGE);
  });
});

/** Opens when the answer may end. */
let answering = createGate();
function gateOf() {
  answering = createGate();
  return answering;
}

describe("bytes as body", () => {
  test("thirty megabytes arrive whole, in whatever parts the kernel takes them", async () => {
    const body = Buffer.concat([...pieces(30, MIB)]);
    provider.answer(json(200, "{}"));
    provider.answer(json(200, "next"));
    await transport.ask(post(body));
    expect(provider.requests[0]?.bodyReceived).toBe(body.length);
    expect(hash(provider.requests[0]?.body ?? new Uint8Array())).toBe(hash(body));
    expect((await transport.ask()).text).toBe("next");
    expect(provider.connections).toBe(1);
  });

  test("that are answered before the server has read them: the answer counts, the connection is not kept", async () => {
    provider.answer(json(413, "no"), { at: "head" });
    const { response: answer } = transport.send(post(new Uint8Array(HUGE)));
    const { connection } = await provider.requestHead();
    provider.pauseReading(connection);
    expect((await answer).status).toBe(413);
    provider.resumeReading(connection);
    await provider.connectionClosed(connection);
    expect(provider.requests).toEqual([]);
  });

  test("that the server refuses by closing: an error, and no more than one", async () => {
    provider.answer([close()], { at: "head" });
    expect(await rejectionOf(transport.ask(post(new Uint8Array(HUGE))))).toMatchObject({ code: "ECONNRESET" });
  });
});

test("over a unix socket, both ways", async () => {
  await using local = await startMockProvider({ unix: join(tmpdir(), `transport-${crypto.randomUUID()}.sock`) });
  using transport = openTransport(local);
  const body = Buffer.concat([...pieces(8, MIB)]);
  local.answerAlways(({ body: received }) => json(200, received));
  for (const sent of [body, createSource(pieces(8, MIB)).stream]) {
    expect((await transport.ask(post(sent))).text).toBe(body.toString());
  }
  expect(local.connections).toBe(1);
  expect(local.requests[0]?.header("host")).toBe("localhost");
});
