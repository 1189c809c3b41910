import { afterAll, describe, expect, test } from "bun:test";
import { createGate } from "../../fixtures/gate.ts";
import { within } from "../../fixtures/within.ts";
import { answer, echo, HOST, openServed, withoutDate } from "./served.ts";

const KIB = 1024;
const LAST = `GET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

const echoing = openServed(echo);
afterAll(() => echoing[Symbol.asyncDispose]());

/** What an answer of `echo` is on the wire. */
const told = (text: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n${fields}\r\n${text}`;
const LAST_TOLD = told("GET /last ", "connection: close\r\n");
const refused = (reason: string): string => `HTTP/1.1 ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;

describe("requests that come behind one another", () => {
  test("are answered in their order, with and without bodies", async () => {
    const chunked = `POST /b HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n`;
    const wire = await echoing.exchange(
      `POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc${chunked}GET /c HTTP/1.1\r\n${HOST}\r\n${LAST}`,
    );
    expect(withoutDate(wire)).toBe(told("POST /a abc") + told("POST /b def") + told("GET /c ") + LAST_TOLD);
  });

  test("are found wherever the bytes are cut", async () => {
    const bytes = `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${LAST}`;
    const client = await echoing.connect();
    for (const byte of bytes) await client.send(byte);
    const wire = Buffer.from((await client.untilClosed()).wire).toString();
    expect(withoutDate(wire)).toBe(told("POST /a abc") + LAST_TOLD);
  });

  test("wait for the answer to the one before, and are not begun", async () => {
    const gate = createGate();
    const begun: string[] = [];
    await using served = openServed(async ({ url }) => {
      begun.push(new URL(url).pathname);
      if (begun.length === 1) await gate.opened;
      return answer(begun.join());
    });
    const client = await served.connect();
    await client.send(`GET /a HTTP/1.1\r\n${HOST}\r\n${LAST}`);
    await client.send(LAST);
    gate.open();
    const wire = Buffer.from((await client.untilClosed()).wire).toString();
    expect(withoutDate(wire)).toBe(told("/a") + told("/a,/last", "connection: close\r\n"));
  });

  test("end the connection if they are too many to wait, and the one in front hears it", async () => {
    const left = createGate();
    await using served = openServed(({ signal }) => {
      signal.addEventListener("abort", left.open);
      return new Promise<Response>(() => {});
    });
    const client = await served.connect();
    void client.send(`GET /a HTTP/1.1\r\n${HOST}\r\n${`GET /b HTTP/1.1\r\n${HOST}\r\n`.repeat(20_000)}`);
    await within(left.opened, 5000, "the request in front to be given up");
    expect((await client.untilClosed()).wire).toHaveLength(0);
  });
});

test.each(["BREW", "get", "M-SEARCH", "constructor", "__proto__"])(
  "the method %s reaches what answers",
  async (method) => {
    const wire = await echoing.exchange(`${method} /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect(withoutDate(wire)).toBe(told(`${method} /a `, "connection: close\r\n"));
  },
);

describe("a head that is refused ends the connection, and what stands behind it is not read", () => {
  const of = (line: string, fields = HOST): string => `${line}\r\n${fields}\r\n`;

  test.each([
    ["no version", of("GET /a")],
    ["another version", of("GET /a HTTP/2.0")],
    ["no target", of("GET  HTTP/1.1")],
    ["a target that is no path", of("GET a HTTP/1.1")],
    ["no Host", of("GET /a HTTP/1.1", "")],
    ["a bare line feed", of("GET /a HTTP/1.1", `${HOST}X: a\nY: b\r\n`)],
    ["a blank before a colon", of("GET /a HTTP/1.1", `${HOST}X : a\r\n`)],
    ["a folded line", of("GET /a HTTP/1.1", `${HOST}X: a\r\n b\r\n`)],
    ["a zero in a value", of("GET /a HTTP/1.1", `${HOST}X: \0\r\n`)],
    ["a length and a coding", of("POST /a HTTP/1.1", `${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n`)],
    ["a coding in HTTP/1.0", of("POST /a HTTP/1.0", `${HOST}Transfer-Encoding: chunked\r\n`)],
    ["a length beyond all numbers", of("POST /a HTTP/1.1", `${HOST}Content-Length: ${"9".repeat(16)}\r\n`)],
  ])("%s is 400", async (_, head) => {
    expect(withoutDate(await echoing.exchange(head + LAST))).toBe(refused("400 Bad Request"));
  });

  test.each([
    ["TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", ""],
    ["an empty line", "\r\n", ""],
    ["a line that ends in a bare line feed", "GET /a HTTP/1.1\nHost: x\n\n", ""],
    ["a line without a version", "GET /a\r\n", ""],
    ["TLS behind a request", `GET /a HTTP/1.1\r\n${HOST}\r\n\x16\x03\x01`, told("GET /a ")],
  ])("%s is 400 before a head is whole, and not when its client has been silent for long", async (_, bytes, before) => {
    expect(withoutDate(await echoing.exchange(bytes))).toBe(before + refused("400 Bad Request"));
  });

  test("a line that cannot be one is refused wherever it is cut", async () => {
    const client = await echoing.connect();
    for (const byte of "GET /a\r\n") await client.send(byte);
    const wire = Buffer.from((await client.untilClosed(5000)).wire).toString();
    expect(withoutDate(wire)).toBe(refused("400 Bad Request"));
  });

  test.each([
    ["too long", of("GET /a HTTP/1.1", `${HOST}X: ${"a".repeat(32 * KIB)}\r\n`)],
    ["too long and without an end", `GET /a HTTP/1.1\r\n${HOST}X: ${"a".repeat(32 * KIB)}`],
    ["of too many fields", of("GET /a HTTP/1.1", HOST + "X: a\r\n".repeat(198))],
  ])("one %s is 431", async (_, head) => {
    const wire = await echoing.exchange(head);
    expect(withoutDate(wire)).toBe(refused("431 Request Header Fields Too Large"));
  });
});

describe("a body that nobody wants", () => {
  const ignoring = openServed(({ url }) => answer(new URL(url).pathname));
  afterAll(() => ignoring[Symbol.asyncDispose]());
  const lastTold = told("/last", "connection: close\r\n");

  test.each([
    ["with a length", `Content-Length: ${100 * KIB}\r\n\r\n${"x".repeat(100 * KIB)}`],
    ["in chunks", `Transfer-Encoding: chunked\r\n\r\n${"5\r\nGET /\r\n".repeat(1000)}0\r\n\r\n`],
  ])("%s is skipped, and the connection goes on", async (_, rest) => {
    const wire = await ignoring.exchange(`POST /a HTTP/1.1\r\n${HOST}${rest}${LAST}`);
    expect(withoutDate(wire)).toBe(told("/a") + lastTold);
  });

  test("is skipped as it comes behind the answer", async () => {
    const client = await ignoring.connect();
    await client.send(`POST /a HTTP/1.1\r\n${HOST}Content-Length: 6\r\n\r\nabc`);
    expect((await client.head()).status).toBe(200);
    await client.send(`def${LAST}`);
    expect(withoutDate(Buffer.from((await client.untilClosed()).wire).toString())).toBe(told("/a") + lastTold);
  });

  test("ends the connection if it is announced as longer than is worth the wait", async () => {
    const wire = await ignoring.exchange(`POST /a HTTP/1.1\r\n${HOST}Content-Length: ${64 * KIB * KIB}\r\n\r\n`);
    expect(withoutDate(wire)).toBe(told("/a", "connection: close\r\n"));
  });

  test("ends the connection if its chunks are malformed", async () => {
    const wire = await ignoring.exchange(`POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n${LAST}`);
    expect(withoutDate(wire)).not.toContain("/last");
  });

  test("is not asked for: the connection of a client that waits with it ends", async () => {
    const wire = await ignoring.exchange(
      `POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(withoutDate(wire)).toBe(told("/a", "connection: close\r\n"));
  });
});

test("a body that is wanted is asked for, once", async () => {
  const client = await echoing.connect();
  await client.send(`POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
  expect((await client.head()).status).toBe(100);
  await client.send(`abc${LAST}`);
  const wire = Buffer.from((await client.untilClosed()).wire).toString();
  expect(withoutDate(wire)).toBe(`HTTP/1.1 100 Continue\r\n\r\n${told("POST /a abc")}${LAST_TOLD}`);
});

test("malformed chunks of a body are told to whoever reads it, and end the connection", async () => {
  const wire = await echoing.exchange(`POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n${LAST}`);
  expect(withoutDate(wire)).toBe(
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 5\r\nconnection: close\r\n\r\nfault",
  );
});
