import { expect, test } from "bun:test";
import type { Connection } from "../../../src/upstream/http1/connection.ts";
import { openConnection } from "../../../src/upstream/http1/open-connection.ts";
import { originOf } from "../../../src/upstream/http1/origin.ts";
import { within } from "../../fixtures/within.ts";
import { outgoing } from "./outgoing.ts";

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection to a server that tells what it heard, when that is `length` bytes long or the connection has ended. */
async function connect(length: number) {
  let heard = "";
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(_, bytes) {
        heard += bytes.toString("latin1");
        if (heard.length >= length) end(heard);
      },
      close: () => end(heard),
    },
  });
  const origin = originOf({ baseUrl: `http://127.0.0.1:${server.port}`, unixSocket: undefined });
  const connection: Connection = await openConnection(origin).connection;
  return {
    connection,
    heard: () => within(ended, 5000, "what the server heard"),
    [Symbol.dispose]: () => void server.stop(true),
  };
}

test("a connection has not sent what waits to leave, and sends it before what is written behind it", async () => {
  using parts = await connect(3);
  const { connection } = parts;
  const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
  connection.listener = { data() {}, drained: drain, closed() {} };
  expect(connection.writeTogether(outgoing("a"))).toBe(false);
  expect(connection.isDrained).toBe(false);
  expect(connection.write(Buffer.from("b"))).toBe(false);
  expect(connection.writeTogether(outgoing("c"))).toBe(false);
  await within(drained, 5000, "the writes");
  expect(connection.isDrained).toBe(true);
  expect(await parts.heard()).toBe("abc");
  connection.close();
});

test("what comes before a request has left is none of its answer: nothing is sent behind it", async () => {
  const heard: string[] = [];
  const accepted: Bun.Socket<undefined>[] = [];
  const { promise: bothAccepted, resolve: acceptBoth } = Promise.withResolvers<void>();
  using server = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        if (accepted.push(socket) === 2) acceptBoth();
      },
      data: (_, bytes) => void heard.push(bytes.toString()),
    },
  });
  const origin = originOf({ baseUrl: `http://127.0.0.1:${server.port}`, unixSocket: undefined });
  const connections = [await openConnection(origin).connection, await openConnection(origin).connection];
  const { promise: closed, resolve: close } = Promise.withResolvers<readonly unknown[]>();
  // Both are heard in one turn of the event loop. With the first of them a request is to be sent on the other one.
  for (const connection of connections) {
    connection.listener = {
      data() {
        for (const other of connections) if (other !== connection) other.writeTogether(outgoing("request"));
      },
      drained() {},
      closed: (...how) => close(how),
    };
  }
  await within(bothAccepted, 5000, "both connections");
  for (const socket of accepted) socket.write("EXTRA");
  const [error, isUnsent] = await within(closed, 5000, "the end of the connection");
  expect([(error as { code: string }).code, isUnsent]).toEqual(["HTTP_UNREQUESTED_BYTES", true]);
  await endOfTurn();
  expect(heard).toEqual([]);
  for (const connection of connections) connection.close();
});

test("a connection that is closed in the same turn sends nothing any more", async () => {
  using parts = await connect(1);
  parts.connection.writeTogether(outgoing("a"));
  parts.connection.close();
  expect(parts.connection.isDrained).toBe(true);
  await endOfTurn();
  expect(await parts.heard()).toBe("");
});

test("a server that sends faster than it is read leaves others their turn, and loses nothing", async () => {
  const payload = Buffer.alloc(32 * 1024 * 1024, "lorem ipsum ");
  const sent = new WeakMap<object, number>();
  const send = (socket: Bun.Socket<unknown>): void => {
    let position = sent.get(socket) ?? 0;
    for (let written = 1; written > 0 && position < payload.length; position += written) {
      written = Math.max(0, socket.write(payload.subarray(position, position + 1024 * 1024)));
    }
    sent.set(socket, position);
  };
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: send, drain: send } });
  const origin = originOf({ baseUrl: `http://127.0.0.1:${server.port}`, unixSocket: undefined });
  const connection = await openConnection(origin).connection;
  let received = 0;
  let ofTurn = 0;
  let most = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  connection.listener = {
    data(bytes) {
      if (ofTurn === 0) setImmediate(() => (ofTurn = 0));
      received += bytes.length;
      ofTurn += bytes.length;
      most = Math.max(most, ofTurn);
      // What reads slowly finds more to read each time.
      Bun.sleepSync(1);
      if (received === payload.length) resolve();
    },
    drained() {},
    closed() {},
  };
  connection.write(Buffer.from("go"));
  await within(all, 5000, "all that was sent");
  expect(most).toBeLessThan(3 * 1024 * 1024);
  connection.close();
  server.stop(true);
});
