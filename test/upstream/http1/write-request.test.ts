import { describe, expect, test } from "bun:test";
import { inOnePiece } from "../../../src/upstream/http1/outgoing.ts";
import { originOf } from "../../../src/upstream/http1/origin.ts";
import { createRequestWriter } from "../../../src/upstream/http1/write-request.ts";
import type { WireRequest } from "../../../src/upstream/transport.ts";
import { latin1 } from "./every-cut.ts";

const ORIGIN = originOf({ baseUrl: "https://api.example:8443/v1", unixSocket: undefined });
const REQUEST: WireRequest = { url: "https://api.example:8443/v1/x", method: "POST", headers: {}, body: null };

const makeRequest = createRequestWriter(ORIGIN);
const writeRequest = (...asked: Parameters<typeof makeRequest>): Buffer => inOnePiece(makeRequest(...asked));
const write = (request: Partial<WireRequest> = {}, length: number | null | undefined = null): string =>
  writeRequest({ ...REQUEST, ...request }, length, new Uint8Array(0)).toString("latin1");
const lines = (request: Partial<WireRequest>): string[] => write(request).split("\r\n").slice(3, -2);

describe("what is written", () => {
  test.each([
    ["of no body", null, ""],
    ["of an empty body", 0, "content-length: 0\r\n"],
    ["of a body", 12, "content-length: 12\r\n"],
    ["of a body of unknown length", undefined, "transfer-encoding: chunked\r\n"],
  ])("%s", (_, length, framing) => {
    const start = "POST /v1/x HTTP/1.1\r\nhost: api.example:8443\r\nconnection: keep-alive\r\n";
    const behind = latin1("{\xff}");
    expect(writeRequest({ ...REQUEST, headers: { a: "b" } }, length, behind).toString("latin1")).toBe(
      `${start}a: b\r\n${framing}\r\n{\xff}`,
    );
  });

  test("the same again with headers that are frozen, and another if anything else is another", () => {
    const request = { ...REQUEST, headers: Object.freeze({ a: "b" }) };
    const first = write(request);
    expect(write(request)).toBe(first);
    expect(write({ ...request, method: "PUT" })).toBe(first.replace("POST", "PUT"));
    expect(write({ ...request, url: `${REQUEST.url}?y` })).toBe(first.replace("/x", "/x?y"));
    const writeToOther = createRequestWriter({ ...ORIGIN, host: "other" });
    expect(inOnePiece(writeToOther(request, null, new Uint8Array(0))).toString("latin1")).toBe(
      first.replace("host: api.example:8443", "host: other"),
    );
    expect(write(request, 7)).toBe(first.replace(/\r\n$/, "content-length: 7\r\n\r\n"));
    expect(write({ headers: { a: "c" } })).toBe(first.replace("a: b", "a: c"));
  });

  test.each([
    ["https://api.example:8443/v1/x?a=b&c=%20", "/v1/x?a=b&c=%20"],
    ["https://api.example:8443/v1/@cf/m:1/a'b", "/v1/@cf/m:1/a'b"],
    ["https://api.example:8443", "/"],
    ["https://api.example:8443/", "/"],
    ["https://api.example:8443?x", "/?x"],
    ["https://api.example:8443/a b", "/a%20b"],
    ["https://api.example:8443/\u00e4", "/%C3%A4"],
    ["https://api.example:8443/x#fragment", "/x"],
    ["HTTPS://API.example:8443/x", "/x"],
    ["https://api.example:8443/x\r\nx-a: b", "/xx-a:%20b"],
    ["https://api.example:8443/x HTTP/1.1\r\n\r\nGET /y", "/x%20HTTP/1.1GET%20/y"],
    ["https://api.example:8443/x\0y", "/x%00y"],
  ])("%j is asked for as %s", (url, target) => {
    expect(write({ url }).split("\r\n")[0]).toBe(`POST ${target} HTTP/1.1`);
  });

  test("headers of either kind, with their spelling and bytes beyond ASCII", () => {
    expect(lines({ headers: { "X-Api-Key": "k", "x-empty": "", "x-\u0061": "\xe4\t~" } })).toEqual([
      "X-Api-Key: k",
      "x-empty: ",
      "x-a: \xe4\t~",
    ]);
    const headers = new Headers([
      ["B", "2"],
      ["a", "1"],
      ["A", "3"],
    ]);
    expect(lines({ headers }).toSorted()).toEqual(["a: 1, 3", "b: 2"]);
  });

  test("the host of an origin: with its port unless it is the usual one, IPv6 in brackets", () => {
    const hostOf = (baseUrl: string) => originOf({ baseUrl, unixSocket: undefined });
    expect(hostOf("https://api.example/v1")).toMatchObject({ host: "api.example", port: 443, secure: true });
    expect(hostOf("http://api.example/v1")).toMatchObject({ host: "api.example", port: 80, secure: false });
    expect(hostOf("http://[::1]:8000/v1")).toMatchObject({ host: "[::1]:8000", hostname: "::1", port: 8000 });
    expect(originOf({ baseUrl: "http://localhost/v1", unixSocket: "/s" })).toMatchObject({
      unix: "/s",
      host: "localhost",
    });
  });
});

describe("how the message lies on the connection is told by nobody else", () => {
  test.each([
    "host",
    "Host",
    "content-length",
    "Content-Length",
    "transfer-encoding",
    "TRANSFER-ENCODING",
    "connection",
  ])("%s", (name) => {
    expect(lines({ headers: { [name]: "close", "x-a": "1" } })).toEqual(["x-a: 1"]);
    expect(lines({ headers: new Headers({ [name]: "7" }) })).toEqual([]);
  });
});

describe("is refused:", () => {
  test.each([
    ["another host", "https://evil.example:8443/v1/x"],
    ["another port", "https://api.example:8444/v1/x"],
    ["the usual port", "https://api.example/v1/x"],
    ["another scheme", "http://api.example:8443/v1/x"],
    ["a host that begins like it", "https://api.example:8443.evil.example/v1/x"],
    ["a port that begins like it", "https://api.example:84430/v1/x"],
    ["a host behind credentials that look like it", "https://api.example:8443@evil.example/v1/x"],
    ["no URL", "/v1/x"],
  ])("a URL of %s", (_, url) => {
    expect(() => write({ url })).toThrow(TypeError);
  });

  test.each([
    ["a line end", "a\r\nx-b: c"],
    ["a line feed", "a\nx-b: c"],
    ["a carriage return", "a\rx-b: c"],
    ["a line end behind it", "a\r\n"],
    ["NUL", "a\0b"],
    ["DEL", "a\x7f"],
    ["a letter that is more than a byte", "\u0100"],
    ["a letter whose low byte is a line feed", "\u010a"],
  ])("a value with %s", (_, value) => {
    expect(() => write({ headers: { "x-a": value } })).toThrow("REQUEST_HEADER");
  });

  test.each(["", "x a", "x:a", "x\r\na", "x\0", "x-\u00e4", "\u010a", "(x)"])("the name %j", (name) => {
    expect(() => write({ headers: { [name]: "1" } })).toThrow("REQUEST_HEADER");
  });

  test.each(["", "GET /", "GET\r\n", "G\u0100T", "GET\0", " GET"])("the method %j", (method) => {
    expect(() => write({ method })).toThrow("REQUEST_METHOD");
  });
});
