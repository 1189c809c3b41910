import { expect, test } from "bun:test";
import type { ClientRequest } from "../../../src/core/client-request.ts";
import { createGate } from "../../fixtures/gate.ts";
import { within } from "../../fixtures/within.ts";
import { answer, HOST, openServed, withoutDate } from "./served.ts";

/** Of a body of this length the memory is there from the beginning. */
const LENGTH = 200_000;
const HEAD = `POST / HTTP/1.1\r\n${HOST}Content-Length: ${LENGTH}\r\n\r\n`;
const BEGINNING = "a".repeat(1000);

/** The first bytes of the body of a request, of which more is waited for. */
async function firstPiece({ body }: ClientRequest): Promise<Uint8Array> {
  const reader = body?.getReader();
  const piece = (await reader?.read())?.value;
  if (!reader || !piece) throw new Error("there is no body");
  void reader.read().catch(() => {});
  return piece;
}

test("what has come of a body holds no memory once its request is answered, and the next request is read behind it", async () => {
  const pieces: Uint8Array[] = [];
  await using served = openServed(async (request) => {
    if (request.method === "GET") return answer("end");
    pieces.push(await firstPiece(request));
    return answer("no", 413);
  });
  const client = await served.connect();
  await client.send(HEAD + BEGINNING);
  const { text } = await client.body();
  expect([text, pieces.map(({ buffer }) => buffer.byteLength)]).toEqual(["no", [0]]);
  await client.send(`${"b".repeat(LENGTH - BEGINNING.length)}GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  const { wire } = await client.untilClosed();
  expect(withoutDate(Buffer.from(wire).toString())).toEndWith(
    "noHTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nend",
  );
});

test("nor once its client has left", async () => {
  const left = createGate();
  const came = Promise.withResolvers<Uint8Array>();
  await using served = openServed(async (request) => {
    request.signal.addEventListener("abort", left.open);
    came.resolve(await firstPiece(request));
    return new Promise<Response>(() => {});
  });
  const client = await served.connect();
  await client.send(HEAD + BEGINNING);
  const piece = await came.promise;
  expect(piece.length).toBe(BEGINNING.length);
  client.leave();
  await within(left.opened, 2000, "the server to see that its client has left");
  await Promise.resolve();
  expect(piece.buffer.byteLength).toBe(0);
});
