import { describe, expect, test } from "bun:test";
import { ResponseParser } from "../../../src/upstream/http1/response-parser.ts";
import { PieceList } from "../../../src/upstream/read-body.ts";
import { cutAt, latin1 } from "./every-cut.ts";

/** A parser, and how many pieces of a body it has handed out. */
function setUp() {
  const seen = { pieces: 0, bytes: 0, heads: 0 };
  const parser = new ResponseParser(
    "POST",
    {
      onHead: () => void (seen.heads += 1),
      onData({ length }) {
        seen.pieces += 1;
        seen.bytes += length;
      },
    },
    false,
  );
  return { parser, seen };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe("a head that can become none any more is refused with the byte that spoils it", () => {
  test.each([
    ["another protocol", "S"],
    ["another version", "HTTP/2"],
    ["HTTP/1.2", "HTTP/1.2"],
    ["a status that no response can have", "HTTP/1.1 6"],
    ["a status that begins with zero", "HTTP/1.1 0"],
    ["a status of two digits", "HTTP/1.1 20 "],
    ["a status of four digits", "HTTP/1.1 2000"],
    ["a line feed behind the status line", "HTTP/1.1 200 OK\n"],
    ["a line feed behind a field", "HTTP/1.1 200 OK\r\ncontent-length: 0\n"],
    ["a line feed that stands for the empty line", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\n"],
    ["a carriage return alone", "HTTP/1.1 200 OK\rx"],
    ["a carriage return before the end", "HTTP/1.1 200 OK\r\n\rx"],
    ["NUL", "HTTP/1.1 200 OK\r\nx: \0"],
    ["a line that is folded", "HTTP/1.1 200 OK\r\nx: y\r\n "],
    ["a field without a name", "HTTP/1.1 200 OK\r\n:"],
    ["a space in a name", "HTTP/1.1 200 OK\r\nx "],
    ["a line feed in the head behind an interim one", "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\n"],
  ])("%s", (_, wire) => {
    for (let at = 0; at < wire.length; at++) {
      const { parser } = setUp();
      if (at > 0) expect(parser.push(latin1(wire.slice(0, at)))).toBe(false);
      expect(() => parser.push(latin1(wire.slice(at)))).toThrow(code("HTTP_INVALID_HEAD"));
    }
  });
});

describe("what a head costs grows with its bytes", () => {
  const LONGEST = 60 * 1024;

  /** CPU time of a head that comes byte by byte, in microseconds. */
  function costOf(length: number): number {
    const head = latin1(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(length)}`);
    const pieces = cutAt(head, Array.from(head.keys()));
    const { parser } = setUp();
    const before = process.cpuUsage();
    for (const piece of pieces) parser.push(piece);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  }

  test("and not with its pieces times its bytes", () => {
    // So that it is compiled.
    costOf(LONGEST);
    const least = (length: number): number => Math.min(...Array.from({ length: 5 }, () => costOf(length)));
    expect(least(LONGEST)).toBeLessThan(least(LONGEST / 8) * 8 * 4);
  });

  test("more interim heads than any server sends are refused", () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    const final = "HTTP/1.1 204 x\r\n\r\n";
    const { parser, seen } = setUp();
    expect(parser.push(latin1(interim.repeat(32) + final))).toBe(true);
    expect(seen.heads).toBe(1);
    expect(() => setUp().parser.push(latin1(interim.repeat(33) + final))).toThrow(code("HTTP_TOO_MANY_INTERIM_HEADS"));
    const { parser: other } = setUp();
    expect(() => {
      for (let count = 0; count < 100; count++) other.push(latin1(interim));
    }).toThrow(code("HTTP_TOO_MANY_INTERIM_HEADS"));
  });
});

describe("small chunks", () => {
  test("that came together are handed out together", () => {
    const { parser, seen } = setUp();
    parser.push(latin1("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
    for (let read = 0; read < 10; read++) parser.push(latin1("1\r\nx\r\n".repeat(10_000)));
    expect(seen).toMatchObject({ pieces: 10, bytes: 100_000 });
  });

  test("before a bad one are handed out before it is refused", () => {
    const { parser, seen } = setUp();
    parser.push(latin1("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
    expect(() => parser.push(latin1("1\r\nx\r\n1\r\ny\r\nz"))).toThrow(code("HTTP_INVALID_CHUNK"));
    expect(seen).toMatchObject({ pieces: 1, bytes: 2 });
  });
});

describe("pieces that wait", () => {
  const bytesOf = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString("latin1");

  test("come out in their order, whatever their sizes", () => {
    const list = new PieceList();
    const sizes = [1, 5000, 1, 2, 3, 1, 1, 1, 1, 1, 900, 40_000, 1, 1, 1023, 1024, ...Array(50).fill(1000), 0, 7];
    const pieces = sizes.map((size: number, index) => Buffer.alloc(size, 97 + (index % 26)));
    for (const piece of pieces) list.push(piece);
    expect(list.length).toBe(sizes.reduce((sum: number, size: number) => sum + size, 0));
    expect(bytesOf(list.pieces())).toBe(bytesOf(pieces));
  });

  test("are gathered if they are small and many", () => {
    const list = new PieceList();
    for (let index = 0; index < 100_000; index++) list.push(Buffer.of(index & 0x7f));
    const pieces = list.pieces();
    expect(pieces.length).toBeLessThan(80);
    expect(Buffer.concat([...pieces]).every((byte, index) => byte === (index & 0x7f))).toBe(true);
  });
});
