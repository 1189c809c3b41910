import { describe, expect, test } from "bun:test";
import { type Framing, parseResponseHead } from "../../../src/upstream/http1/response-head.ts";

const read = (text: string, method = "POST") => parseResponseHead(text, method);
const withFields = (...fields: readonly string[]) => ["HTTP/1.1 200 OK", ...fields].join("\r\n");

describe("a head that is refused", () => {
  test.each([
    ["nothing", ""],
    ["another protocol", "SSH-2.0-OpenSSH_9.6"],
    ["another version", "HTTP/2 200"],
    ["a later version", "HTTP/1.2 200 OK"],
    ["no version", "HTTP 200 OK"],
    ["lower case", "http/1.1 200 OK"],
    ["white space before it", " HTTP/1.1 200 OK"],
    ["a status of two digits", "HTTP/1.1 20 OK"],
    ["a status of four digits", "HTTP/1.1 2000 OK"],
    ["a status that begins with zero", "HTTP/1.1 099 OK"],
    ["a status that no response can have", "HTTP/1.1 600 OK"],
    ["the highest number", "HTTP/1.1 999 OK"],
    ["a status that is no number", "HTTP/1.1 2x0 OK"],
    ["two spaces before the status", "HTTP/1.1  200 OK"],
    ["a tab behind the status", "HTTP/1.1 200\tOK"],
    ["a line feed in the reason", "HTTP/1.1 200 OK\ncontent-length: 0"],
    ["a carriage return in the reason", "HTTP/1.1 200 OK\rcontent-length: 0"],
    ["NUL in the reason", "HTTP/1.1 200 O\0K"],
    ["a field without a colon", withFields("content-length")],
    ["a field without a name", withFields(": 5")],
    ["space before the colon", withFields("content-length : 5")],
    ["a tab before the colon", withFields("content-length\t: 5")],
    ["a line that is folded", withFields("x-a: 1", " 2")],
    ["a first line that is folded", withFields(" x-a: 1")],
    ["an empty line within", withFields("x-a: 1", "", "x-b: 2")],
    ["a name with a space", withFields("x a: 1")],
    ["a name beyond ASCII", withFields("x-\u00e4: 1")],
    ["NUL in a value", withFields("x-a: 1\u00002")],
    ["NUL at the end of a value", withFields("x-a: 1\0")],
    ["a bare line feed in a value", withFields("x-a: 1\ncontent-length: 5")],
    ["a bare line feed at the end of a value", withFields("x-a: 1\n")],
    ["a bare carriage return in a value", withFields("x-a: 1\rcontent-length: 5")],
    ["a bare carriage return at the end of a value", withFields("x-a: 1\r")],
    ["a form feed before a value", withFields("content-length:\f5")],
    ["DEL in a value", withFields("x-a: \x7f")],
  ])("%s", (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "HTTP_INVALID_HEAD" }));
  });

  test.each([
    ["both a length and chunks", ["content-length: 5", "transfer-encoding: chunked"]],
    ["both, the other way round", ["transfer-encoding: chunked", "content-length: 5"]],
    ["another coding", ["transfer-encoding: gzip"]],
    ["a coding before chunks", ["transfer-encoding: gzip, chunked"]],
    ["a coding behind chunks", ["transfer-encoding: chunked, identity"]],
    ["chunks twice", ["transfer-encoding: chunked", "transfer-encoding: chunked"]],
    ["no coding", ["transfer-encoding:"]],
    ["a coding that only looks like it", ["transfer-encoding: xchunked"]],
    ["no length", ["content-length:"]],
    ["a negative length", ["content-length: -1"]],
    ["a length with a sign", ["content-length: +5"]],
    ["a hexadecimal length", ["content-length: 0x5"]],
    ["a length with a fraction", ["content-length: 5.0"]],
    ["a length with an exponent", ["content-length: 5e1"]],
    ["a length with a space within", ["content-length: 1 2"]],
    ["a length in other digits", ["content-length: \xb2"]],
    ["a length beyond reason", ["content-length: 1234567890123456"]],
    ["two lengths", ["content-length: 5", "content-length: 6"]],
    ["two lengths in one field", ["content-length: 5, 6"]],
    ["a length and nothing", ["content-length: 5,"]],
    ["lengths that are written differently", ["content-length: 5, 05"]],
  ])("%s", (_, fields) => {
    expect(() => read(withFields(...fields))).toThrow(expect.objectContaining({ code: "HTTP_INVALID_FRAMING" }));
  });

  test("tells nothing of what was on the wire", () => {
    expect(() => read("SECRET")).toThrow(/^HTTP_INVALID_HEAD$/);
  });
});

const length = (bytes: number): Framing => ({ kind: "length", length: bytes });
const [NONE, CHUNKED, UNTIL_CLOSE]: Framing[] = [{ kind: "none" }, { kind: "chunked" }, { kind: "until-close" }];

describe("where the body ends, and whether the connection can be used again", () => {
  const ROWS: readonly (readonly [
    what: string,
    head: string,
    framing: Framing | undefined,
    keepAlive: boolean,
    method?: string,
  ])[] = [
    ["a length", withFields("content-length: 5"), length(5), true],
    ["no bytes", withFields("content-length: 0"), length(0), true],
    ["zeros before a length", withFields("content-length: 007"), length(7), true],
    ["white space around a length", withFields("Content-Length: \t 5 \t"), length(5), true],
    ["the same length twice", withFields("content-length: 5", "content-length: 5"), length(5), true],
    ["the same length twice in one field", withFields("content-length: 5, 5"), length(5), true],
    ["chunks", withFields("Transfer-Encoding: Chunked"), CHUNKED, true],
    ["neither", withFields(), UNTIL_CLOSE, false],
    ["no reason", "HTTP/1.1 200\r\ncontent-length: 1", length(1), true],
    ["an empty reason", "HTTP/1.1 200 \r\ncontent-length: 1", length(1), true],
    ["a reason beyond ASCII", "HTTP/1.1 200 \xc4h\r\ncontent-length: 1", length(1), true],
    ["the highest status", "HTTP/1.1 599 x\r\ncontent-length: 1", length(1), true],
    ["connection: close", withFields("content-length: 5", "connection: Close"), length(5), false],
    ["close among others", withFields("content-length: 5", "connection: x, close"), length(5), false],
    [
      "close in a field of its own",
      withFields("content-length: 5", "connection: x", "connection: close"),
      length(5),
      false,
    ],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 5", length(5), false],
    ["HTTP/1.0 kept alive", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: Keep-Alive", length(5), true],
    ["HTTP/1.0 kept alive, without an end", "HTTP/1.0 200 OK\r\nconnection: keep-alive", UNTIL_CLOSE, false],
    ["HTTP/1.0 in chunks", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive", CHUNKED, false],
    ["204", "HTTP/1.1 204 No Content", NONE, true],
    ["204 with a length", "HTTP/1.1 204 No Content\r\ncontent-length: 0", NONE, true],
    ["304 with the length it would have had", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5", NONE, true],
    ["304 with the chunks it would have had", "HTTP/1.1 304 x\r\ntransfer-encoding: chunked", NONE, true],
    ["304 with that length twice", "HTTP/1.1 304 x\r\ncontent-length: 5, 5", NONE, true],
    ["to HEAD", withFields("content-length: 5"), NONE, true, "HEAD"],
    ["to HEAD, without a length", withFields(), NONE, true, "HEAD"],
    ["to HEAD, in chunks", withFields("transfer-encoding: chunked"), NONE, true, "HEAD"],
    ["205, whatever it should be", "HTTP/1.1 205 x\r\ncontent-length: 5", length(5), true],
  ];
  test.each(
    ROWS.map(([what, text, framing, keepAlive, method = "POST"]) => [what, text, framing, keepAlive, method] as const),
  )("%s", (_, text, framing, keepAlive, method) => {
    const head = read(text, method);
    expect([head.framing, head.keepAlive]).toEqual([framing as Framing, keepAlive]);
  });
});

describe("fields", () => {
  const { headers, status } = read(
    "HTTP/1.1 418 I'm a teapot\r\nX-One:1\r\nset-cookie: a=1; b\r\nx-empty:\r\nSet-Cookie:  c=2\t\r\nx-my: \xfc",
  );

  test("are found by their names in lower case, several as one", () => {
    expect(status).toBe(418);
    expect(["x-one", "set-cookie", "x-empty", "x-my", "x-none"].map((name) => headers.get(name))).toEqual([
      "1",
      "a=1; b, c=2",
      "",
      "\xfc",
      null,
    ]);
  });

  test("come in their order, each by itself, as often as they are asked for", () => {
    const fields = [
      ["x-one", "1"],
      ["set-cookie", "a=1; b"],
      ["x-empty", ""],
      ["set-cookie", "c=2"],
      ["x-my", "\xfc"],
    ];
    expect([...headers]).toEqual(fields as [string, string][]);
    expect([...headers]).toEqual(fields as [string, string][]);
  });

  test("may be many, and no more", () => {
    const fields = Array.from({ length: 256 }, (_, index) => `a:${index % 10}`);
    expect([...read(withFields(...fields)).headers]).toHaveLength(256);
    expect(() => read(withFields(...fields, "a\0:"))).toThrow("HTTP_INVALID_HEAD");
    expect(() => read(withFields(...fields, "a:"))).toThrow("HTTP_TOO_MANY_FIELDS");
  });

  test("white space around a value is a space or a tab, and nothing else", () => {
    expect(read(withFields("x-a: \xa01\xa0 ")).headers.get("x-a")).toBe("\xa01\xa0");
  });
});
