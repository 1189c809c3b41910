import { describe, expect, test } from "bun:test";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";
import { readProviderError } from "../../src/formats/provider-error.ts";

const read = (value: unknown) => readProviderError(JSON.stringify(value));
const text = JSON.stringify;

describe("the message of an error is found", () => {
  test.each([
    ["in FastAPI's detail, as an object", { detail: { error: "Model busy" } }, { message: "Model busy" }],
    ["in FastAPI's list", { detail: [{ loc: ["body", "n"], msg: "too big" }] }, { message: "body.n: too big" }],
    ["under AWS's name", { Message: "no", __type: "AccessDenied" }, { message: "no", type: "AccessDenied" }],
    [
      "in MiniMax's base_resp",
      { base_resp: { status_code: 1008, status_msg: "broke" } },
      { message: "broke", code: 1008 },
    ],
    ["within two errors", { error: { error: { message: "deep" } } }, { message: "deep" }],
    ["in Tencent's form", { Response: { Error: { Code: "A.B", Message: "b" } } }, { message: "b", code: "A.B" }],
    ["in Baidu's form", { error_code: 336003, error_msg: "q" }, { message: "q", code: 336003 }],
    ["in Apigee's form", { fault: { faultstring: "quota" } }, { message: "quota" }],
    ["under a short name", { err: "e", data: { n: 1 } }, { message: "e", rest: { data: { n: 1 } } }],
    ["as an object under a short name", { err: { code: "c", msg: "m" } }, { message: "m", code: "c" }],
    ["in the data", { code: 7, data: { error: { message: "in" } } }, { message: "in", code: 7 }],
    ["in a result that is a text of JSON", { result: text({ detail: "in" }) }, { message: "in" }],
    ["beside data with words", { msg: "m", data: { message: "of the data" } }, { message: "m" }],
    ["in OAuth's form", { error: "invalid_scope", error_description: "d" }, { message: "d", code: "invalid_scope" }],
    ["beside a status phrase", { statusCode: 400, error: "Bad Request", message: "real" }, { message: "real" }],
    ["in several sentences", { error: "Bad Request", message: ["a", "b"] }, { message: "a; b" }],
    ["in an error that is a list", { error: ["`inputs` is missing"] }, { message: "`inputs` is missing" }],
    ["in a list of errors", { errors: ["x", "y"] }, { message: "x; y" }],
    ["as an error that is a text of JSON", { error: text({ message: "in" }) }, { message: "in" }],
    [
      "as a message that is a text of JSON",
      { error: { message: text({ error: { message: "in", code: "c" } }), code: 400 } },
      { message: "in", code: "c" },
    ],
    ["in JSON within JSON within JSON", text(text({ message: text([{ error: "in" }]) })), { message: "in" }],
    ["beside the code", { error: { code: 429 }, message: "slow" }, { message: "slow", code: 429 }],
    [
      "in a problem of RFC 9457",
      { type: "https://e.example/p", title: "Broke", status: 403, detail: "Add money" },
      { message: "Add money", type: "https://e.example/p", rest: { title: "Broke" } },
    ],
    ["in a problem without detail", { type: "about:blank", title: "Broke" }, { message: "Broke" }],
  ])("%s", (_, body, expected) => {
    expect(read(body)).toMatchObject(expected);
  });

  test.each([
    ["names that are objects", { detail: [{ loc: ["body", { toString: 1 }, 0], msg: "m" }] }, { message: "body.0: m" }],
    ["a path of objects", { detail: [{ loc: [{ toString: 1, valueOf: 1 }], msg: "m" }] }, { message: "m" }],
    ["a problem without words", { detail: [{ loc: ["n"], msg: { toString: 1 } }] }, { message: "n" }],
    ["problems that say nothing", { detail: [{ loc: [] }], title: "t" }, { message: "t" }],
    [
      "codes and types that are objects",
      { message: "m", code: { valueOf: 1 }, type: { toString: 1 } },
      { message: "m" },
    ],
    ["a member without a name", { "": 5, message: "m" }, { message: "m", rest: { "": 5 } }],
  ])("although there are %s", (_, body, expected) => {
    expect(read(body)).toMatchObject(expected);
    expect(read(body).code).toBeUndefined();
  });

  test.each([
    ["<!DOCTYPE html><html><head><title>502 Bad\n Gateway &amp; more</title>", { message: "502 Bad Gateway & more" }],
    ["<html><body><h1>Sign in</h1></body></html>", { message: "Sign in" }],
    [
      '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>',
      { message: "gone", code: "NoSuchKey" },
    ],
    ['event: error\r\ndata: {"error":{"message":"in a stream"}}\r\n\r\n', { message: "in a stream" }],
    ["data: no JSON", { message: "no JSON" }],
    ['\ufeff{"message":"behind a mark"}', { message: "behind a mark" }],
    ["upstream connect error", { message: "upstream connect error" }],
    ["<html></html>", {}],
    [" \n", {}],
  ])("%j", (body, expected) => {
    expect(readProviderError(body)).toEqual(expected);
  });
});

describe("what else was said is kept", () => {
  test.each([
    [
      "OpenRouter's metadata",
      { error: { message: "m", code: 429, metadata: { raw: "r", provider_name: "P" } }, user_id: "u" },
      { metadata: { raw: "r", provider_name: "P" } },
    ],
    [
      "Azure's innererror",
      { error: { message: "m", status: 400, innererror: { code: "R", filtered: true } } },
      { innererror: { code: "R", filtered: true } },
    ],
    [
      "Google's details",
      [{ error: { message: "m", code: 400, details: [{ reason: "KEY" }] } }],
      { details: [{ reason: "KEY" }] },
    ],
    [
      "llama.cpp's numbers",
      { error: { message: "m", n_ctx: 4, n_prompt_tokens: 9 } },
      { n_ctx: 4, n_prompt_tokens: 9 },
    ],
    [
      "further errors",
      { errors: [{ message: "m" }, { message: "n" }] },
      { errors: [{ message: "m" }, { message: "n" }] },
    ],
    [
      "nothing of what says nothing",
      { object: "error", success: false, message: "m", a: null, b: "", c: [], d: {}, request_id: "r" },
      undefined,
    ],
  ])("%s", (_, body, rest) => {
    expect(read(body).message).toBe("m");
    expect(read(body).rest).toEqual(rest);
  });

  test("within bounds of size and depth", () => {
    const deep = (levels: number): unknown => (levels === 0 ? "bottom" : { in: deep(levels - 1) });
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`n${index}`, "x".repeat(90)]));
    for (const member of [deep(30), many, "x".repeat(200_000), Array.from({ length: 9 }, () => many)]) {
      const { message, rest } = read({ error: { message: "m", first: 1, member } });
      expect([message, rest?.["first"], JSON.stringify(rest).length < 12_000]).toEqual(["m", 1, true]);
    }
  });
});

test("no shape makes it fail, or take longer than its length", () => {
  const nested = (open: string, close: string): string => open.repeat(100_000) + close.repeat(100_000);
  for (const body of [
    nested("[", "]"),
    nested('{"error":', "}"),
    "<title".repeat(40_000),
    "<h1><message>".repeat(20_000),
    "data: ".repeat(40_000),
    "data:\n".repeat(40_000),
    '{"message":null,"error":null,"detail":[]}',
    "null",
    "[[],{}]",
  ]) {
    expect(readProviderError(body)).toBeObject();
  }
  let text = '{"message":"m"}';
  for (let level = 0; level < 12; level++) text = JSON.stringify({ message: text });
  expect(readProviderError(text)).toBeObject();
});

test("texts that are opened are masked before they are", () => {
  const masks = (body: string): string => body.replaceAll("\\u0073ecret", "***");
  expect(readProviderError(text({ error: { message: '{"message":"a \\u0073ecret"}' } }), masks).message).toBe("a ***");
});

describe("reading an error takes time that grows with its bytes", () => {
  test("however many members without a name are within each other", () => {
    // Would take half a minute if each level were read under every name that is looked for.
    expect(readProviderError(`${'{"":'.repeat(9)}1${"}".repeat(9)}`).message).toBeUndefined();
  });

  test("however many events are within each other", async () => {
    expect(readProviderError(`${"data:".repeat(5)}x`)).toEqual({ message: "x" });
    const make = (size: number) => {
      const body = "data:".repeat(size / 5);
      return () => readProviderError(body);
    };
    expect(await cpuGrowth(40_000, make)).toBeLessThan(LINEAR);
  });
});
