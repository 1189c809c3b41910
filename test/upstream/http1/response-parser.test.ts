import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ResponseHead } from "../../../src/upstream/http1/response-head.ts";
import { ResponseParser } from "../../../src/upstream/http1/response-parser.ts";
import { cutAt, everyCut, latin1 } from "./every-cut.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

/** Pushes pieces as they would come, and then the end of the connection where that is how they end. */
function parse(pieces: readonly Buffer[], { method = "POST", thenCloses = false, isSecure = false } = {}) {
  const heads: ResponseHead[] = [];
  const taken: Uint8Array[] = [];
  const parser = new ResponseParser(
    method,
    {
      onHead: (head) => void heads.push(head),
      onData: (bytes) => void taken.push(bytes),
    },
    isSecure,
  );
  let ended = false;
  for (const piece of pieces) {
    if (ended) throw new Error("it was over before");
    ended = parser.push(piece);
  }
  if (thenCloses && !ended) {
    parser.finish();
    ended = true;
  }
  return { heads: heads.map(({ status }) => status), body: Buffer.concat(taken).toString("latin1"), ended };
}

const withCode = (code: string) => expect.objectContaining({ code });

describe("an answer, wherever it is cut", () => {
  test.each<[what: string, wire: string, status: number, body: string, options?: Parameters<typeof parse>[1]]>([
    ["with a length", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, "hello", {}],
    ["with no bytes", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, "", {}],
    ["without fields", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", {}],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n",
      200,
      "hello!",
      {},
    ],
    ["until the connection ends", "HTTP/1.0 200 OK\r\n\r\nhello\r\n\r\n", 200, "hello\r\n\r\n", { thenCloses: true }],
    ["of no bytes until the connection ends", "HTTP/1.1 200 OK\r\n\r\n", 200, "", { thenCloses: true }],
    ["to HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", 200, "", { method: "HEAD" }],
    ["that nothing has changed", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", 304, "", {}],
    ["behind 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, "hi", {}],
    [
      "behind 103 and 102 with fields",
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 500 x\r\ncontent-length: 2\r\n\r\nno",
      500,
      "no",
      {},
    ],
  ])("%s", (_, wire, status, body, options) => {
    for (const pieces of everyCut(latin1(wire))) {
      expect(parse(pieces, options)).toEqual({ heads: [status], body, ended: true });
    }
  });

  test("comes out whole, whatever its bytes, its chunks and its cuts", () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
    const extension = fc.constantFrom("", ";a", ' ; b="c"', "\t");
    const cuts = fc.array(fc.nat(4000), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, extension, cuts, fc.boolean(), (bodies, after, positions, isUpper) => {
        const framed = bodies.map((body) => {
          const size = body.length.toString(16);
          return Buffer.concat([latin1(`${isUpper ? size.toUpperCase() : size}${after}\r\n`), body, latin1("\r\n")]);
        });
        const head = latin1("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const wire = Buffer.concat([head, ...framed, latin1(`0${after}\r\n\r\n`)]);
        const body = Buffer.concat(bodies).toString("latin1");
        expect(parse(cutAt(wire, positions))).toEqual({ heads: [200], body, ended: true });
        const told = Buffer.concat([latin1(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), ...bodies]);
        expect(parse(cutAt(told, positions))).toEqual({ heads: [200], body, ended: true });
      }),
      propertyRuns(100),
    );
  });

  test("is never ended early, and breaks off where the connection ends", () => {
    for (const wire of [
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
    ]) {
      for (let length = 0; length < wire.length; length++) {
        const pieces = [latin1(wire.slice(0, length))];
        expect(parse(pieces).ended).toBe(false);
        expect(() => parse(pieces, { thenCloses: true })).toThrow(withCode("ECONNRESET"));
      }
    }
  });
});

describe("an answer that the end of a TLS connection delimits", () => {
  const OPTIONS = { thenCloses: true, isSecure: true };
  const HEAD = "HTTP/1.1 200 OK\r\n";
  const NESTED = '{"a":"}\\"]{","b":[1,{"c":[]}]}';

  test.each([
    ["an object", `${HEAD}\r\n${NESTED}`],
    ["an array, with white space around it", `${HEAD}content-type: text/plain\r\n\r\n \r\n[1]\n`],
    ["a stream of events", `${HEAD}content-type: Text/Event-Stream; charset=utf-8\r\n\r\ndata: 1\n\n`],
    ["a stream of events under another type", `${HEAD}content-type: text/plain\r\n\r\nevent: x\ndata: 1\n\n`],
    ["compressed", `${HEAD}content-encoding: gzip\r\n\r\nx`],
  ])("is complete where its format marks its end: %s", (_, wire) => {
    for (const pieces of everyCut(latin1(wire))) expect(parse(pieces, OPTIONS).ended).toBe(true);
  });

  test.each([
    ["an object, anywhere", NESTED.slice(0, -1)],
    ["text", "hello"],
    ["nothing", ""],
    ["a number", "12"],
    ["an object and another one", "{}{"],
    ["two objects, as lines have them", "{}\n{}"],
    ["an object behind something else", "x{}"],
    ["an object before something else", "{}x"],
  ])("breaks off where nothing does: %s", (_, body) => {
    for (const pieces of everyCut(latin1(`${HEAD}\r\n${body}`))) {
      expect(() => parse(pieces, OPTIONS)).toThrow(withCode("ECONNRESET"));
    }
  });

  test("is told by its length or its chunks as without TLS", () => {
    for (const wire of [
      `${HEAD}content-length: 5\r\n\r\nhello`,
      `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ]) {
      expect(parse([latin1(wire)], OPTIONS)).toEqual({ heads: [200], body: "hello", ended: true });
    }
  });
});

describe("is refused:", () => {
  test.each([
    ["a bad head", "SSH-2.0-x\r\n\r\n", "HTTP_INVALID_HEAD"],
    ["a bad head behind a good one", "HTTP/1.1 100 Continue\r\n\r\nHTTP/9\r\n\r\n", "HTTP_INVALID_HEAD"],
    ["bare line feeds", "HTTP/1.1 200 OK\ncontent-length: 0\n\n\r\n\r\n", "HTTP_INVALID_HEAD"],
    ["a bad framing", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "HTTP_INVALID_FRAMING"],
    ["a bad chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "HTTP_INVALID_CHUNK"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n", "HTTP_UNREQUESTED_UPGRADE"],
  ])("%s", (_, wire, code) => {
    for (const pieces of everyCut(latin1(wire))) expect(() => parse(pieces)).toThrow(withCode(code));
  });

  test("a head that is too long, whether or not it ever ends", () => {
    const field = `x: ${"y".repeat(1000)}\r\n`;
    const head = latin1(`HTTP/1.1 200 OK\r\n${field.repeat(66)}\r\n`);
    for (const pieces of [[head], cutAt(head, [1000, 30_000, 65_000]), cutAt(head, [66_000])]) {
      expect(() => parse(pieces)).toThrow(withCode("HTTP_HEAD_TOO_LONG"));
    }
    const fits = latin1(`HTTP/1.1 204 OK\r\n${field.repeat(64)}\r\n`);
    expect(parse([fits]).heads).toEqual([204]);
    expect(parse(cutAt(fits, [1000, 30_000])).heads).toEqual([204]);
  });
});
