import { afterAll, describe, expect, test } from "bun:test";
import { ClientAnswer, type StreamSource } from "../../../src/core/client-answer.ts";
import type { ClientRequest } from "../../../src/core/client-request.ts";
import { answer, HOST, openServed, streamed, withoutDate } from "./served.ts";

const whole = (status: number, headers: Record<string, string> = {}): ClientAnswer =>
  new ClientAnswer(null, { status, headers });

const breakingOff: StreamSource = {
  open(output) {
    output.write(Buffer.from("ab"));
    output.close(new Error("broken off"));
    return undefined;
  },
  cancel() {},
};

let cancelled = 0;
const unwanted: StreamSource = {
  open() {
    throw new Error("nobody wants it");
  },
  cancel() {
    cancelled += 1;
  },
};

const ANSWERS: Readonly<Record<string, () => Response>> = {
  "/whole": () => answer("abc"),
  "/stream": () => streamed(["ab", "", "c"]),
  "/known": () => streamed(["ab", "c"], { "content-length": "3" }),
  "/empty": () => streamed([]),
  "/none": () => whole(204),
  "/unchanged": () => whole(304),
  "/bare": () => whole(200),
  "/stopped": () => new ClientAnswer(unwanted, { status: 200, headers: {} }),
  "/announced": () => whole(200, { "content-length": "7" }),
  "/last": () => answer("abc", 200, { connection: "close" }),
  "/broken": () => new ClientAnswer(breakingOff, { status: 200, headers: {} }),
  "/page": () => new Response("abc", { status: 404, headers: { "x-a": "b" } }),
  "/invalid": () => answer("abc", 200, { "x-a": "a\r\nx-b: c" }),
  "/thrown": () => {
    throw new Error("nothing should be thrown");
  },
};

const served = openServed(({ url }: ClientRequest) => (ANSWERS[new URL(url).pathname] ?? (() => answer("end")))());
afterAll(() => served[Symbol.asyncDispose]());

const END = `GET /end HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
const END_TOLD = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nend";

/** What comes for a request and for one behind it, of the first of them. */
async function first(method: string, path: string): Promise<string> {
  const wire = withoutDate(await served.exchange(`${method} ${path} HTTP/1.1\r\n${HOST}\r\n${END}`));
  expect(wire).toEndWith(END_TOLD);
  return wire.slice(0, -END_TOLD.length);
}

test.each([
  ["GET", "/whole", "content-length: 3\r\n\r\nabc"],
  ["GET", "/bare", "content-length: 0\r\n\r\n"],
  ["GET", "/stream", "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"],
  ["GET", "/known", "content-length: 3\r\n\r\nabc"],
  ["GET", "/empty", "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["HEAD", "/whole", "content-length: 3\r\n\r\n"],
  ["HEAD", "/announced", "content-length: 7\r\n\r\n"],
  ["HEAD", "/bare", "\r\n"],
  ["HEAD", "/stream", "\r\n"],
  ["HEAD", "/known", "content-length: 3\r\n\r\n"],
])("%s %s is 200, and the connection goes on", async (method, path, rest) => {
  expect(await first(method, path)).toBe(`HTTP/1.1 200 OK\r\n${rest}`);
});

test("what would write the body of an answer to HEAD is stopped", async () => {
  expect([await first("HEAD", "/stopped"), cancelled]).toEqual(["HTTP/1.1 200 OK\r\n\r\n", 1]);
});

test.each([
  ["/none", "204 No Content\r\n\r\n"],
  ["/unchanged", "304 Not Modified\r\n\r\n"],
  ["/page", "404 Not Found\r\nx-a: b\r\ncontent-length: 3\r\n\r\nabc"],
  ["/thrown", "500 Internal Server Error\r\ncontent-length: 5\r\n\r\nfault"],
  ["/invalid", "500 Internal Server Error\r\ncontent-length: 5\r\n\r\nfault"],
])("GET %s has its status, and the connection goes on", async (path, rest) => {
  expect(await first("GET", path)).toBe(`HTTP/1.1 ${rest}`);
});

describe("the connection ends", () => {
  const closing = (head: string): Promise<string> => served.exchange(`${head}\r\n${END}`).then(withoutDate);

  test("behind an answer that says so", async () => {
    const wire = await closing(`GET /last HTTP/1.1\r\n${HOST}`);
    expect(wire).toBe("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc");
  });

  test("behind a stream that breaks off, whose end does not come", async () => {
    const wire = await closing(`GET /broken HTTP/1.1\r\n${HOST}`);
    expect(wire).toBe("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n");
  });

  test.each(["close", "Close", "x, close", "keep-alive, close"])("for a client that says %s", async (said) => {
    const wire = await closing(`GET /whole HTTP/1.1\r\n${HOST}Connection: ${said}\r\n`);
    expect(wire).toBe("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc");
  });

  test("for a client of HTTP/1.0, whose streams it ends", async () => {
    expect(await closing(`GET /whole HTTP/1.0\r\n${HOST}`)).toBe(
      "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc",
    );
    expect(await closing(`GET /stream HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n`)).toBe(
      "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc",
    );
  });
});

test("a client of HTTP/1.0 keeps its connection if it asks for that, and is told", async () => {
  const kept = `GET /whole HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`;
  const wire = withoutDate(await served.exchange(kept + END));
  expect(wire).toBe(`HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: keep-alive\r\n\r\nabc${END_TOLD}`);
});

test("every answer says when it was made", async () => {
  const wire = await served.exchange(`BAD\r\n\r\n`);
  expect(wire).toMatch(/\r\ndate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
});
