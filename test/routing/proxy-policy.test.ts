import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { bodyText, type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    DISALLOWED_MODELS: "openai/bad",
    SERVER_MAX_REQUEST_BODY_SIZE: "100000",
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const PATH = "/proxy/openai/v1/chat/completions";

async function outcome(body: string | Uint8Array, headers: Record<string, string> = {}, path = PATH, method = "POST") {
  const response = await started.send(method, path, body, headers);
  return [response.status, started.takeCalls().length];
}

function utf16(text: string, order: "le" | "be", mark: boolean): Uint8Array {
  const bytes = Buffer.from((mark ? "\ufeff" : "") + text, "utf16le");
  return new Uint8Array(order === "le" ? bytes : bytes.swap16());
}

describe("a denied model is refused", () => {
  test.each([
    ["plainly", '{"model":"bad"}', {}],
    ["in another case", '{"model":"BAD "}', {}],
    ["with the provider's prefix", '{"model":"openai/bad"}', {}],
    ["with a content type that is not JSON's", '{"model":"bad"}', { "content-type": "text/plain" }],
    ["as a form would be sent", '{"model":"bad"}', { "content-type": "application/x-www-form-urlencoded" }],
    ["with an escaped key", '{"mod\\u0065l":"bad"}', {}],
    ["with an escaped value", '{"model":"b\\u0061d"}', {}],
    ["with a key that only some parsers take for it", '{"Model":"bad"}', {}],
    ["behind a lot of space", `${" \r\n\t".repeat(200)}{"model":"bad"}`, {}],
  ])("%s", async (_, body, headers) => {
    expect(await outcome(body, headers)).toEqual([403, 0]);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("compressed with %s", async (encoding, compress) => {
    const body = new Uint8Array(compress('{"model":"bad"}'));
    expect(await outcome(body, { "content-encoding": encoding })).toEqual([403, 0]);
  });

  test("on either mount, by PUT and PATCH too, and sent in chunks", async () => {
    expect(await outcome('{"model":"bad"}', {}, `/v1${PATH}`)).toEqual([403, 0]);
    expect(await outcome('{"model":"bad"}', {}, PATH, "PUT")).toEqual([403, 0]);
    expect(await outcome('{"model":"bad"}', {}, PATH, "PATCH")).toEqual([403, 0]);
    await using client = await openRawClient(started.gateway.port);
    await client.send(`POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await client.send('8\r\n{"model"\r\n7\r\n:"bad"}\r\n0\r\n\r\n');
    expect((await client.head()).status).toBe(403);
    expect(started.takeCalls()).toEqual([]);
  });
});

describe("what parsers would read differently is refused", () => {
  test.each([
    ["a model given twice", '{"model":"ok","model":"bad"}'],
    ["a model given twice, the denied one first", '{"model":"bad","model":"ok"}'],
    ["a model given twice, once escaped", '{"model":"ok","\\u006dodel":"bad"}'],
    ["a model given twice, in two letter cases", '{"model":"ok","MODEL":"bad"}'],
    ["NaN", '{"model":"bad","x":NaN}'],
    ["a trailing comma", '{"model":"bad",}'],
    ["a comment", '/* */ {"model":"bad"}'],
    ["single quotes", "{'model':'bad'}"],
    ["a byte order mark", '\ufeff{"model":"bad"}'],
    ["text behind the object", '{"model":"bad"}{}'],
    ["NaN behind a lot of space", `${" ".repeat(100)}{"model":"bad","x":NaN}`],
  ])("%s", async (_, body) => {
    expect([
      [400, 0],
      [403, 0],
    ]).toContainEqual(await outcome(body));
  });

  test("invalid UTF-8, UTF-16 and UTF-32, which some servers detect by themselves", async () => {
    const invalid = Buffer.concat([Buffer.from('{"model":"bad","x":"'), Uint8Array.of(0xff), Buffer.from('"}')]);
    expect(await outcome(new Uint8Array(invalid))).toEqual([400, 0]);
    for (const order of ["le", "be"] as const) {
      for (const mark of [true, false]) {
        expect([order, mark, await outcome(utf16('{"model":"bad"}', order, mark))]).toEqual([order, mark, [400, 0]]);
      }
    }
    const text = [..."{}"].map((character) => character.charCodeAt(0));
    expect(await outcome(new Uint8Array(Uint32Array.from(text).buffer))).toEqual([400, 0]);
    expect(await outcome(Uint8Array.from(text.flatMap((code) => [0, 0, 0, code])))).toEqual([400, 0]);
  });

  test("an encoding that cannot be looked through, or that is not what it says", async () => {
    expect(await outcome('{"model":"bad"}', { "content-encoding": "gzip, gzip" })).toEqual([415, 0]);
    expect(await outcome('{"model":"bad"}', { "content-encoding": "compress" })).toEqual([415, 0]);
    expect(await outcome('{"model":"bad"}', { "content-encoding": "gzip" })).toEqual([400, 0]);
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(200_000, " ")));
    expect(await outcome(bomb, { "content-encoding": "gzip" })).toEqual([413, 0]);
  });
});

describe("everything else passes untouched", () => {
  test.each([
    ["an allowed model", '{"model":"ok", "n": 1.0, "x":"\\u00e9"}'],
    [
      "another provider's denied name in a nested place",
      '{"model":"ok","nested":{"model":"bad"},"list":[{"model":"bad"}]}',
    ],
    ["a model in a text", '{"input":"{\\"model\\":\\"bad\\"}"}'],
    ["no model", '{"input":"x"}'],
    ["a model that is no text", '{"model":["bad"]}'],
    ["a list", '[{"model":"bad"}]'],
    ["a form", "model=bad&x=1"],
    ["text", "the model is bad"],
  ])("%s", async (_, body) => {
    expect((await started.post(PATH, body)).status).toBe(200);
    expect(bodyText(started.takeCall())).toBe(body);
  });

  test("an empty body, a multipart one, a binary one and a compressed one", async () => {
    expect(await outcome("")).toEqual([200, 1]);
    const part = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b--\r\n';
    expect(await outcome(part, { "content-type": "multipart/form-data; boundary=b" })).toEqual([200, 1]);
    const binary = Uint8Array.from({ length: 300 }, (_, index) => 255 - (index % 256));
    await started.post(PATH, binary);
    expect(Buffer.compare(started.takeCall().body, binary)).toBe(0);
    const zipped = new Uint8Array(gzipSync('{"model":"ok"}'));
    await started.post(PATH, zipped, { "content-encoding": "gzip" });
    const call = started.takeCall();
    expect([call.header("content-encoding"), Buffer.compare(call.body, zipped)]).toEqual(["gzip", 0]);
    expect(call.header("content-length")).toBe(String(zipped.length));
  });

  test("the same name at another provider", async () => {
    expect(await outcome('{"model":"bad"}', {}, "/proxy/groq/v1/chat/completions")).toEqual([200, 1]);
  });
});
