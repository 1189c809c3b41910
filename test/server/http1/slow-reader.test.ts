import { expect, test } from "bun:test";
import { ClientAnswer, type StreamOutput } from "../../../src/core/client-answer.ts";
import type { ClientRequest } from "../../../src/core/client-request.ts";
import { createGate } from "../../fixtures/gate.ts";
import { isPending, within } from "../../fixtures/within.ts";
import { answer, HOST, openServed, streamed } from "./served.ts";

const MIB = 1024 * 1024;

/** A server that answers so, and a client of it that reads nothing yet. */
async function serve(answering: (request: ClientRequest) => Response | Promise<Response>) {
  const served = openServed(answering);
  const client = await served.connect();
  client.pause();
  return { server: served.server, client, [Symbol.asyncDispose]: served[Symbol.asyncDispose] };
}

const whole = (bytes: number, headers: Record<string, string> = {}): Response =>
  new ClientAnswer(new Uint8Array(bytes), { status: 200, headers });

/** A stream of so many mebibytes, which says when its client has stopped reading. */
function stream(mebibytes: number, onHeld: () => void): Response {
  const write = async (output: StreamOutput): Promise<void> => {
    for (let sent = 0; sent < mebibytes * 32; sent++) {
      const wait = output.write(new Uint8Array(MIB / 32).fill(sent));
      output.flush();
      if (wait instanceof Promise) onHeld();
      await wait;
    }
    output.close();
  };
  return new ClientAnswer({ open: write, cancel() {} }, { status: 200, headers: {} });
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";

test.each([
  ["that keeps its connection", `${GET}\r\n`, true],
  ["that ends its connection", `${GET}Connection: close\r\n\r\n`, true],
  ["of HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", false],
])("a client %s and reads late gets all of a stream", async (_, request, isChunked) => {
  const held = createGate();
  await using served = await serve(() => stream(32, held.open));
  await served.client.send(request);
  await within(held.opened, 2000, "the stream to be held");
  served.client.resume();
  if (isChunked) {
    const { bytes, complete } = await served.client.body(5000);
    expect([bytes.length, complete]).toEqual([32 * MIB, true]);
  } else {
    const { wire } = await served.client.untilClosed(5000);
    expect(wire.length - Buffer.from(wire).indexOf("\r\n\r\n") - 4).toBe(32 * MIB);
  }
});

test("requests behind an answer that is not read wait with their client, or end the connection", async () => {
  await using served = await serve(() => whole(16 * MIB));
  await served.client.send(`${GET}\r\n`);
  const sending = served.client.send(`${GET}\r\n`.repeat(2_000_000));
  const isTaken = isPending(sending, 1000).then((isWaiting) => (isWaiting ? false : sending));
  expect(await isTaken).toBe(false);
});

test.each([
  ["what the system has taken", 200_000, (): Response => whole(200_000)],
  ["what has not left of a whole answer", 16 * MIB, (): Response => whole(16 * MIB)],
  // All of it is written at once, whether its client reads or not.
  ["what has not left of a stream", 16 * MIB, (): Response => streamed(Array(16).fill("a".repeat(MIB)))],
])("a client that says that it sends nothing more gets %s", async (_, bytes, answering) => {
  await using served = await serve(answering);
  const { client } = served;
  await client.send(`${GET}\r\n`);
  client.resume();
  await client.nextBytes();
  client.pause();
  client.halfClose();
  client.resume();
  expect((await client.body(5000)).complete).toBe(true);
  const { wire, how } = await client.untilClosed(5000);
  expect([wire.length > bytes, how]).toEqual([true, "fin"]);
});

test("a client that says so before it is answered has left", async () => {
  const left = createGate();
  await using served = await serve(({ signal }) => {
    signal.addEventListener("abort", left.open);
    return new Promise(() => {});
  });
  await served.client.send(`${GET}\r\n`);
  served.client.halfClose();
  await within(left.opened, 2000, "the server to see that its client has left");
});

test("a client that leaves is noticed although it has sent more than is read ahead", async () => {
  const left = createGate();
  const arrived = createGate();
  await using served = await serve((request) => {
    request.signal.addEventListener("abort", left.open);
    arrived.open();
    return new Promise(() => {});
  });
  await served.client.send(`${GET}\r\n`);
  await within(arrived.opened, 1000, "the request");
  await served.client.send(`${GET}\r\n`.repeat(5000));
  served.client.leave();
  await within(left.opened, 1000, "the server to see that its client has left");
});

test("a connection whose answer has not left when the server stops ends behind it", async () => {
  const served = await serve(() => whole(16 * MIB));
  await served.client.send(`${GET}\r\n`);
  // Enough of it has come for the answer to be written.
  served.client.resume();
  await served.client.nextBytes();
  served.client.pause();
  const stopped = served.server.stop(false);
  served.client.resume();
  expect((await served.client.body(5000)).complete).toBe(true);
  await within(stopped, 2000, "the server to stop");
});

test("what waits behind requests is bounded for all connections together, and there is room again when they have ended", async () => {
  // 40 MB in all, of which 32 MiB may wait: 163 times as much as is sent on one.
  const ahead = `${GET}X-Padding: `.padEnd(1020, "a").concat("\r\n\r\n").repeat(200);
  const isFull = createGate();
  let ended = 0;
  await using served = openServed(({ url }) => (url.endsWith("/end") ? answer("end") : new Promise(() => {})));
  const clients = await Promise.all(Array.from({ length: 200 }, () => served.connect()));
  const all = clients.map(async (client) => {
    await client.send(`${GET}\r\n${ahead}`);
    await client.untilClosed(10_000);
    if (++ended === 200 - 164) isFull.open();
  });
  await within(isFull.opened, 10_000, "connections to be cut");
  expect(ended).toBeLessThan(45);
  for (const client of clients) client.leave();
  await Promise.all(all);
  const late = await served.connect();
  await late.send("GET /end HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2));
  expect([await late.body(), (await late.head()).status]).toEqual([expect.objectContaining({ text: "end" }), 200]);
});

test("so is what has come of heads, and one for which there is no room is refused", async () => {
  // 139 of them may wait.
  const beginning = "GET /end HTTP/1.1\r\nX-Padding: ".padEnd(240_000, "a");
  await using served = openServed(() => answer("end"), { maxHeadBytes: 256 * 1024 });
  const clients = await Promise.all(Array.from({ length: 180 }, () => served.connect()));
  const isFull = createGate();
  const refused: string[] = [];
  const all = clients.map(async (client) => {
    await client.send(beginning);
    const { wire } = await client.untilClosed(10_000);
    if (refused.push(Buffer.from(wire).toString("latin1", 0, 12)) === 180 - 139) isFull.open();
  });
  await within(isFull.opened, 10_000, "heads to be refused");
  expect(new Set(refused.slice(0, 180 - 139))).toEqual(new Set(["HTTP/1.1 503"]));
  for (const client of clients) client.leave();
  await Promise.all(all);
  const late = await served.connect();
  await late.send(beginning);
  await late.send(`\r\n${HOST}\r\n`);
  expect((await late.body()).text).toBe("end");
});
