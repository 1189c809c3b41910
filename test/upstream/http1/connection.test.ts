import { expect, test } from "bun:test";
import { type Connection, openConnection } from "../../../src/upstream/http1/connection.ts";
import { originOf } from "../../../src/upstream/http1/origin.ts";
import { within } from "../../fixtures/within.ts";

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
  expect(connection.writeTogether(Buffer.from("a"))).toBe(false);
  expect(connection.isDrained).toBe(false);
  expect(connection.write(Buffer.from("b"))).toBe(false);
  expect(connection.writeTogether(Buffer.from("c"))).toBe(false);
  await within(drained, 5000, "the writes");
  expect(connection.isDrained).toBe(true);
  expect(await parts.heard()).toBe("abc");
  connection.close();
});

test("a connection that is closed in the same turn sends nothing any more", async () => {
  using parts = await connect(1);
  parts.connection.writeTogether(Buffer.from("a"));
  parts.connection.close();
  expect(parts.connection.isDrained).toBe(true);
  await endOfTurn();
  expect(await parts.heard()).toBe("");
});
