import { afterEach, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { connect, postRequest } from "../../bench/http-connection.ts";
import type { Connection } from "../../bench/http-connection.ts";

const REQUEST = postRequest(new URL("http://bench.test/v1/chat/completions?x=1"), Buffer.from("{}"));

let server: TCPSocketListener | undefined;
let connection: Connection | undefined;
afterEach(() => {
  connection?.close();
  server?.stop(true);
});

/** A server that hands each of its connections, at its first bytes, to `answer`. */
function serve(answer: (socket: Socket<unknown>) => void): number {
  server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => answer(socket) } });
  return server.port;
}

type Outcome = { status: number; body: string } | { failed: string };

function send(through: Connection): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let body = "";
  through.send(REQUEST, {
    body: (piece) => (body += piece.toString("latin1")),
    done: (status) => resolve({ status, body }),
    failed: (failed) => resolve({ failed }),
  });
  return promise;
}

async function inWritesOf(size: number, text: string, socket: Socket<unknown>): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    socket.write(text.slice(at, at + size));
    socket.flush();
    await new Promise(setImmediate);
  }
}

describe("an answer that is cut short", () => {
  const CUT = [
    ["in its head", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["in a body of known length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"],
    ["before its last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ] as const;
  test.each(CUT)("%s is a failure and the connection is not used again", async (_, text) => {
    connection = await connect(
      "127.0.0.1",
      serve((socket) => void socket.end(text)),
    );
    expect(await send(connection)).toEqual({ failed: "the connection was closed before the whole answer" });
    expect(connection.usable()).toBe(false);
    expect(await send(connection)).toEqual({ failed: "the connection was closed before the request" });
  });
});

const CHUNKED =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "A;x=y\r\ndata: one\n\r\n1\r\n\n\r\n10\r\ndata: [DONE]\n\nab\r\n0\r\nTrailer: x\r\n\r\n";

test.each([1, 7, 4096])("chunks arrive without their framing, in writes of %d bytes", async (size) => {
  connection = await connect(
    "127.0.0.1",
    serve((socket) => void inWritesOf(size, CHUNKED, socket)),
  );
  expect(await send(connection)).toEqual({ status: 200, body: "data: one\n\ndata: [DONE]\n\nab" });
  expect(connection.usable()).toBe(true);
});

test.each([1, 7, 4096])("one connection carries answer after answer, in writes of %d bytes", async (size) => {
  const answers = [
    "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    CHUNKED,
  ];
  connection = await connect(
    "127.0.0.1",
    serve((socket) => void inWritesOf(size, answers.shift() ?? "", socket)),
  );
  expect(await send(connection)).toEqual({ status: 503, body: "busy" });
  expect(await send(connection)).toEqual({ status: 200, body: "" });
  expect(await send(connection)).toMatchObject({ status: 200 });
});

test("a body without length ends with the connection", async () => {
  connection = await connect(
    "127.0.0.1",
    serve((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nall of it")),
  );
  expect(await send(connection)).toEqual({ status: 200, body: "all of it" });
  expect(connection.usable()).toBe(false);
});

test("a server that announces to close is not asked again", async () => {
  const text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
  connection = await connect(
    "127.0.0.1",
    serve((socket) => void socket.write(text)),
  );
  expect(await send(connection)).toEqual({ status: 200, body: "ok" });
  expect(connection.usable()).toBe(false);
});

test("a request names its host, its query and the length of its body", () => {
  expect(Buffer.from(REQUEST).toString()).toBe(
    "POST /v1/chat/completions?x=1 HTTP/1.1\r\nhost: bench.test\r\ncontent-type: application/json\r\naccept: */*\r\n" +
      "user-agent: bench\r\ncontent-length: 2\r\n\r\n{}",
  );
});
