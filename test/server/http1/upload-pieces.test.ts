import { afterAll, beforeEach, expect, test } from "bun:test";
import { createMailbox } from "../../fixtures/mailbox.ts";
import { answer, openServed } from "./served.ts";

let pieces = createMailbox<Uint8Array>();
const served = openServed(async ({ body }) => {
  for await (const piece of body ?? []) pieces.push(piece);
  pieces.end();
  return answer("done");
});
afterAll(() => served[Symbol.asyncDispose]());
beforeEach(() => {
  pieces = createMailbox();
});

const next = (): Promise<Uint8Array | undefined> => pieces.next(2000, "a piece");

const HEAD = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";

test("an upload in chunks of one byte is joined to a few pieces, with all its bytes in order", async () => {
  await using client = await served.connect();
  const text = Buffer.alloc(200_000, "0123456789abcdefghijk").toString();
  await client.send(HEAD + Array.from(text, (character) => `1\r\n${character}\r\n`).join("") + "0\r\n\r\n");
  const all: Uint8Array[] = [];
  for (let piece = await next(); piece; piece = await next()) all.push(piece);
  expect(Buffer.concat(all).toString()).toBe(text);

  expect(all.length).toBeLessThan(100);
});

test("each piece of a slow upload is handed out before the next is sent", async () => {
  await using client = await served.connect();
  await client.send(HEAD);
  for (let index = 0; index < 100; index++) {
    await client.send(`3\r\n${String(index).padStart(3, "0")}\r\n`);
    expect(Buffer.from((await next()) ?? []).toString()).toBe(String(index).padStart(3, "0"));
  }
  await client.send("0\r\n\r\n");
  expect(await next()).toBeUndefined();
});
