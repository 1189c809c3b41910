import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { openRawClient } from "../../fixtures/raw-http-client.ts";
import { bodyText, type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    CLOUDFLARE_API_URL: `${url}/cloudflare/ai`,
    CLOUDFLARE_API_KEY: "k",
    OLLAMA_API_URL: `${url}/ollama`,
    DISALLOWED_MODELS: "openai/bad, cloudflare/@cf/meta/bad, ollama/bad",
    PROXY_WITHOUT_MODEL: "allow",
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

const multipart = (...parts: readonly (readonly [headers: string, content: string])[]): string =>
  `${parts.map(([headers, content]) => `--b\r\n${headers}\r\n\r\n${content}\r\n`).join("")}--b--\r\n`;
const field = (name: string, content: string) => [`Content-Disposition: form-data; name="${name}"`, content] as const;
const file = (name: string, content: string) =>
  [
    `content-disposition: form-data; name=${name}; filename="a"\r\ncontent-type: application/octet-stream`,
    content,
  ] as const;
const MULTIPART = { "content-type": "multipart/form-data; boundary=b" };
const URL_ENCODED = { "content-type": "application/x-www-form-urlencoded" };
const UTF_7 = { "content-type": "application/json; charset=utf-7" };
const JSON_TYPE = { "content-type": "application/json" };

describe("a denied model is refused", () => {
  test.each<[what: string, body: string, headers: Record<string, string>]>([
    ["plainly", '{"model":"bad"}', {}],
    ["in another case", '{"model":"BAD "}', {}],
    ["with the provider's prefix", '{"model":"openai/bad"}', {}],
    ["with a content type that is not JSON's", '{"model":"bad"}', { "content-type": "text/plain" }],
    ["as a form would be sent", '{"model":"bad"}', { "content-type": "application/x-www-form-urlencoded" }],
    ["with an escaped key", '{"mod\\u0065l":"bad"}', {}],
    ["with an escaped value", '{"model":"b\\u0061d"}', {}],
    ["with a key that only some parsers take for it", '{"Model":"bad"}', {}],
    ["behind a lot of space", `${" \r\n\t".repeat(200)}{"model":"bad"}`, {}],
    ["beside an allowed one", '{"model":"ok","models":["ok","bad"]}', {}],
    ["in a nested place", '{"model":"ok","nested":{"model":"bad"}}', {}],
    ["in a list", '{"model":"ok","list":[[{"model":"bad"}]]}', {}],
    ["in a list that is all of the body", '[{"model":"ok"},{"model":"bad"}]', {}],
    ["as the only one of a list", '{"model":["bad"]}', {}],
    ["as a realtime session's", '{"type":"session.update","session":{"model":"bad"}}', {}],
    ["as a response's", '{"response":{"model":"bad"}}', {}],
    ["as a transcription's", '{"session":{"model":"ok","audio":{"input":{"transcription":{"model":"bad"}}}}}', {}],
    ["as a transcription's of old", '{"model":"ok","input_audio_transcription":{"model":"bad"}}', {}],
    ["as a tool's", '{"model":"ok","tools":[{"type":"image_generation","model":"bad"}]}', {}],
    ["as a batch request's", '{"requests":[{"custom_id":"1","params":{"model":"bad"}}]}', {}],
    ["as a grader's", '{"model":"ok","method":{"reinforcement":{"grader":{"model":"bad"}}}}', {}],
    ["under another name for it", '{"model":"ok","a":{"modelId":"bad"}}', {}],
    ["under Azure's name for it", '{"model":"ok","deployment":"bad"}', {}],
    ["under a name with a letter that Go folds", '{"model":"ok","model\u017f":["bad"]}', {}],
    ["with invisible characters", '{"model":"b\u200ba\u00add\u2066"}', {}],
    ["in a form like a query", "a=1&model=bad", URL_ENCODED],
    ["in such a form, encoded", "%6dodel=b%61d", URL_ENCODED],
    ["in such a form, behind a semicolon", "model=ok;model=bad", URL_ENCODED],
    ["in JSON that is such a form too", '{"model":"ok","x":"&model=bad&"}', URL_ENCODED],
    ["in a form", multipart(field("model", "bad"), file("file", "RIFF")), MULTIPART],
    ["in a form, behind an allowed one", multipart(field("model", "ok"), field("model", "bad")), MULTIPART],
    ["in a form, as one of several", multipart(field("model[]", "bad")), MULTIPART],
    ["in a form, as a file", multipart(file("model", "bad")), MULTIPART],
    ["in a field of JSON", multipart(field("session", '{"model":"ok","tools":[{"model":"bad"}]}')), MULTIPART],
    ["in a field of a JSON list", multipart(field("x", '[{"model":"ok"},{"model":"bad"}]')), MULTIPART],
    [
      "in a field that says it is JSON",
      multipart(['Content-Disposition: form-data; name="model"\r\nContent-Type: application/json', '"b\\u0061d"']),
      MULTIPART,
    ],
    [
      "in a form within a form",
      multipart([
        'Content-Disposition: form-data; name="x"\r\nContent-Type: application/x-www-form-urlencoded',
        "a=1&model=bad",
      ]),
      MULTIPART,
    ],
    [
      "in a batch",
      multipart(field("purpose", "batch"), file("file", '{"body":{"model":"ok"}}\n{"body":{"model":"bad"}}\n')),
      MULTIPART,
    ],
    [
      "in lines of JSON",
      '{"body":{"model":"ok"}}\n\n{"body":{"model":"bad"}}',
      { "content-type": "application/x-ndjson" },
    ],
  ])("%s", async (_, body, headers) => {
    expect(await outcome(body, headers)).toEqual([403, 0]);
  });

  test.each([
    ["as Google's APIs do", "/proxy/openai/v1beta/models/bad:generateContent"],
    ["with a method of tomorrow", "/proxy/openai/v1beta/models/bad:doSomethingNew"],
    ["as Bedrock does", "/proxy/openai/model/bad/converse"],
    ["as Azure does", "/proxy/openai/openai/deployments/BAD/chat/completions?api-version=1"],
    ["as OpenAI's oldest did", "/proxy/openai/engines/bad/completions"],
    ["as OpenAI's models do", "/proxy/openai/v1/models/bad"],
    ["as the first of several segments", "/proxy/openai/v1/models/bad/endpoints"],
    ["percent-encoded", "/proxy/openai/v1/m%6fdels/b%61d"],
    ["percent-encoded twice", "/proxy/openai/v1/models/b%2561d"],
    ["as Hugging Face's pipelines do", "/proxy/openai/pipeline/feature-extraction/bad"],
    ["as Databricks does", "/proxy/openai/serving-endpoints/bad/invocations"],
    ["as Triton does", "/proxy/openai/v2/models/bad/versions/1/infer"],
    ["with parameters of the segment", "/proxy/openai/v1/models;a=1/bad;b=2"],
    ["in the query", "/proxy/openai/v1/realtime?model=bad"],
    ["in the query, behind another", "/proxy/openai/v1/realtime?model=ok&Model=bad"],
    ["in the query, as one of several", "/proxy/openai/v1/x?models=ok,bad"],
  ])("in an address %s", async (_, path) => {
    expect(await outcome('{"model":"ok"}', JSON_TYPE, path)).toEqual([403, 0]);
    const response = await started.send("GET", path);
    expect([response.status, started.takeCalls().length]).toEqual([403, 0]);
  });

  test.each([
    ["/proxy/cloudflare/run/@cf/meta/bad", "{}"],
    ["/proxy/ollama/api/delete", '{"name":"bad"}'],
    ["/proxy/ollama/api/copy", '{"source":"bad:latest","destination":"fine"}'],
  ])("where a provider has a place of its own for it: %s", async (path, body) => {
    expect(await outcome(body, JSON_TYPE, path)).toEqual([403, 0]);
  });

  test("and named, since it may stand anywhere", async () => {
    const response = await started.post(PATH, { model: "ok", deep: [{ fallback_model: "bad" }] });
    expect(await response.json()).toMatchObject({
      error: 'Model is disallowed. Please use a different model. The request names the model "bad".',
      code: "model_disallowed",
    });
    const line = await started.gateway.logged(({ failure }) => failure === "model_disallowed");
    expect(line).toHaveProperty("model");
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
    ["a list that is cut", '[{"model":"bad"}'],
    ["a model given twice, in a list", '[{"model":"ok"},{"model":"bad","x":NaN}]'],
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

  test("no charset but UTF-8 is", async () => {
    for (const charset of ["utf-8", '"UTF-8"', "us-ascii", "utf-8; profile=x"]) {
      const type = { "content-type": `application/json; charset=${charset}` };
      expect([charset, await outcome('{"model":"ok"}', type)]).toEqual([charset, [200, 1]]);
    }
    for (const charset of ["utf-16", "utf-7", "latin1", "", "utf-8x"]) {
      const type = { "content-type": `application/json;charset=${charset}` };
      expect([charset, await outcome('{"model":"ok"}', type)]).toEqual([charset, [400, 0]]);
    }
  });

  test.each<[what: string, body: string, headers?: Record<string, string>]>([
    ["a preamble", `hello\r\n${multipart(field("model", "ok"))}`],
    ["an epilogue", `${multipart(field("model", "ok"))}--b\r\n`],
    ["a boundary behind a bare line feed", multipart(field("model", "ok"), file("file", "x\n--b\nmodel"))],
    ["a boundary within a part", multipart(field("model", "ok"), file("file", "x--b"))],
    [
      "a form within it",
      multipart(field("model", "ok"), [
        'Content-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=c',
        "--c\r\nContent-Disposition: form-data; name=model\r\n\r\nbad\r\n--c--",
      ]),
    ],
    ["a message within it", multipart([`${field("x", "")[0]}\r\nContent-Type: message/rfc822`, "ok"])],
    [
      "a list that says it is JSON and is none",
      multipart([`${field("x", "")[0]}\r\nContent-Type: application/json`, "[x"]),
    ],
    ["no end", multipart(field("model", "ok")).slice(0, -6)],
    ["no boundary", multipart(field("model", "ok")), { "content-type": "multipart/form-data" }],
    [
      "two boundaries",
      multipart(field("model", "ok")),
      { "content-type": "multipart/form-data; boundary=b; boundary=c" },
    ],
    ["another boundary", multipart(field("model", "ok")), { "content-type": "multipart/form-data; boundary=c" }],
    ["another kind of parts", multipart(field("model", "ok")), { "content-type": "multipart/mixed; boundary=b" }],
    ["a name twice", multipart(['Content-Disposition: form-data; name="a"; name="model"', "ok"])],
    ["an encoded name", multipart(["Content-Disposition: form-data; name*=utf-8''mod%65l", "ok"])],
    ["an escaped name", multipart(['Content-Disposition: form-data; name="mod\\el"', "ok"])],
    ["a folded header", multipart(['Content-Disposition: form-data;\r\n name="model"', "ok"])],
    ["a disposition twice", multipart([`${field("a", "")[0]}\r\n${field("model", "")[0]}`, "ok"])],
    ["an encoded part", multipart([`${field("model", "")[0]}\r\nContent-Transfer-Encoding: base64`, "b2s="])],
    ["a part in UTF-16", multipart([`${field("model", "")[0]}\r\nContent-Type: text/plain; charset=utf-16`, "ok"])],
    ["a field that says how to read the others", multipart(field("_charset_", "utf-7"), field("model", "ok"))],
    ["lines of JSON with NaN", multipart(file("file", '{"body":{"model":"ok"}}\n{"x":NaN}'))],
    ["a charset that hides members", '{"model":"ok","x":"+ACI-,+ACI-model+ACI-:+ACI-bad"}', UTF_7],
    ["two types", '{"model":"ok"}', { "content-type": "application/json, multipart/form-data; boundary=b" }],
  ])("a form with %s", async (_, body, ...[headers]) => {
    expect(await outcome(body, headers ?? MULTIPART)).toEqual([400, 0]);
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
    ["a model in a text", '{"input":"{\\"model\\":\\"bad\\"}"}'],
    ["no model", '{"input":"x"}'],
    ["a model that is no text", '{"model":7}'],
    ["a list", '[{"model":"ok"}]'],
    ["a bare value", '"bad"'],
    ["a form", "model=bad&x=1"],
    ["text", "the model is bad"],
  ])("%s", async (_, body) => {
    expect((await started.post(PATH, body)).status).toBe(200);
    expect(bodyText(started.takeCall())).toBe(body);
  });

  test("an empty body, a multipart one, a binary one and a compressed one", async () => {
    expect(await outcome("")).toEqual([200, 1]);
    const part = multipart(field("model", "whisper"), file("file", "{\u0000"), field("prompt", "[the model is bad]"));
    expect(await outcome(multipart(field("model", "whisper")), MULTIPART)).toEqual([200, 1]);
    expect(await outcome(part.replace("{", "("), MULTIPART)).toEqual([200, 1]);
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

describe("with a list of allowed models", () => {
  let listed: StartedGateway;
  beforeAll(async () => {
    listed = await startBesideProvider((url) => ({
      ...threeProviders(url),
      CLOUDFLARE_API_URL: `${url}/cloudflare/ai`,
      CLOUDFLARE_API_KEY: "k",
      ALLOWED_MODELS: "openai/good, openai/org/good, cloudflare/@cf/meta/good",
    }));
  });
  afterAll(() => listed[Symbol.asyncDispose]());

  const ask = async (method: string, path: string, body?: string, headers: Record<string, string> = JSON_TYPE) => {
    const response = await listed.send(method, path, body, headers);
    const answer = (await response.json()) as { code?: string };
    return [response.status, answer.code, listed.takeCalls().length];
  };
  const SENT = [200, undefined, 1];
  const REFUSED = [403, "model_not_allowed", 0];
  const UNIDENTIFIED = [403, "model_unidentified", 0];

  test.each<[method: string, path: string, body?: string, headers?: Record<string, string>]>([
    ["POST", PATH, '{"model":"good"}'],
    ["POST", "/proxy/openai/models/org/good/pipeline/feature-extraction", "{}"],
    ["POST", "/proxy/openai/pipeline/feature-extraction/org/good", "{}"],
    ["POST", "/proxy/openai/v2/models/good/versions/1/infer", "{}"],
    ["POST", "/proxy/openai/models/chat/completions?api-version=1", '{"model":"good"}'],
    [
      "POST",
      "/proxy/openai/v1/audio/transcriptions",
      multipart(['Content-Disposition: form-data; name="model"\r\nContent-Type: application/json', '"good"']),
      MULTIPART,
    ],
    ["POST", PATH, '{"models":["good","openai/good"]}'],
    ["POST", "/proxy/openai/v1/realtime/client_secrets", '{"session":{"type":"realtime","model":"good"}}'],
    [
      "POST",
      "/proxy/openai/v1/realtime/client_secrets",
      '{"session":{"type":"transcription","audio":{"input":{"transcription":{"model":"good"}}}}}',
    ],
    ["POST", "/proxy/openai/v1/messages/batches", '{"requests":[{"custom_id":"1","params":{"model":"good"}}]}'],
    [
      "POST",
      "/proxy/openai/v1/audio/transcriptions",
      multipart(field("model", "good"), file("file", "RIFF")),
      MULTIPART,
    ],
    ["POST", "/proxy/openai/v1/files", multipart(file("file", '{"body":{"model":"good"}}')), MULTIPART],
    ["POST", "/proxy/openai/x", "model=good", URL_ENCODED],
    ["POST", "/proxy/openai/v1beta/models/good:streamGenerateContent?alt=sse", '{"contents":[]}'],
    ["POST", "/proxy/openai/models/org/good/v1/chat/completions", "{}"],
    ["POST", "/proxy/openai/model/good/converse", '{"messages":[]}'],
    ["POST", "/proxy/openai/openai/deployments/good/chat/completions", '{"messages":[]}'],
    ["POST", "/proxy/cloudflare/run/@cf/meta/good", '{"prompt":"x"}'],
    ["GET", "/proxy/openai/v1/models/good"],
    ["DELETE", "/proxy/openai/v1/models/good"],
    ["GET", "/proxy/openai/v1/realtime?model=good"],
  ])("%s %s is sent: %s", async (method, path, ...[body, headers]) => {
    expect(await ask(method, path, body, headers)).toEqual(SENT);
  });

  test.each<[method: string, path: string, body?: string, headers?: Record<string, string>]>([
    ["POST", PATH, '{"model":"other"}'],
    ["POST", PATH, '{"model":"good","models":["other"]}'],
    ["POST", "/proxy/groq/v1/chat/completions", '{"model":"good"}'],
    ["POST", "/proxy/groq/v1/chat/completions", '{"model":"openai/good"}'],
    ["POST", "/proxy/openai/v1/audio/transcriptions", multipart(field("model", "other")), MULTIPART],
    ["POST", "/proxy/openai/v1beta/models/other:generateContent", "{}"],
    ["POST", "/proxy/openai/v1beta/models/good:generateContent", '{"model":"models/other"}'],
    ["GET", "/proxy/openai/v1/models/good/models/other"],
    ["GET", "/proxy/openai/v1/models/other/good"],
    ["GET", "/proxy/openai/v1/models/good/other"],
  ])("%s %s is refused: %s", async (method, path, ...[body, headers]) => {
    expect(await ask(method, path, body, headers)).toEqual(REFUSED);
  });

  test.each<[method: string, path: string, body?: string, headers?: Record<string, string>]>([
    ["GET", "/proxy/openai/v1/models"],
    ["GET", "/proxy/openai/v1/responses/resp_1"],
    ["DELETE", "/proxy/openai/v1/files/file_1"],
    ["POST", PATH, ""],
    ["POST", PATH, "{}"],
    ["POST", PATH, '{"model":""}'],
    ["POST", PATH, '{"model":null,"messages":[]}'],
    ["POST", "/proxy/openai/v1/threads/t/runs", '{"assistant_id":"a","metadata":{"model":"good"}}'],
    ["POST", "/proxy/openai/v1/threads/t/runs", '{"assistant_id":"a","tools":[{"type":"x","model":"good"}]}'],
    ["POST", "/proxy/openai/v1/threads/t/runs", '{"assistant_id":"a","messages":[{"model":"good"}]}'],
    ["POST", PATH, "model=good", { "content-type": "text/plain" }],
    ["POST", PATH, "<model>good</model>", { "content-type": "application/xml" }],
    ["POST", PATH, "\u0081\u00a5model\u00a4good", { "content-type": "application/msgpack" }],
    ["POST", PATH, multipart(field("prompt", "x"), file("file", "RIFF")), MULTIPART],
  ])("%s %s names no model and is refused: %s", async (method, path, ...[body, headers]) => {
    expect(await ask(method, path, body, headers)).toEqual(UNIDENTIFIED);
  });

  test("says which setting lets such a request pass", async () => {
    const response = await listed.send("GET", "/proxy/openai/v1/models");
    const { error } = (await response.json()) as { error: string };
    expect([response.status, error]).toEqual([403, expect.stringContaining("PROXY_WITHOUT_MODEL=allow")]);
  });

  test("a request that names a thousand models is looked at, one that names more is not", async () => {
    const spelt = (i: number): string => `${" ".repeat(i % 32)}good${" ".repeat(i / 32)}`;
    const body = (count: number): string =>
      JSON.stringify({ model: "good", models: Array.from({ length: count }, (_, i) => spelt(i)) });
    expect((await ask("POST", PATH, body(1000)))[0]).toBe(200);
    expect((await ask("POST", PATH, body(1001)))[0]).toBe(400);
  });
});

describe("a server that is known by its settings only", () => {
  test("lets only allowed models through in forms", async () => {
    await using listed = await startBesideProvider((url) => ({
      CUSTOM_PROVIDERS: "mock",
      MOCK_API_URL: `${url}/v1`,
      ALLOWED_MODELS: "mock/whisper-1",
    }));
    for (const [parts, status] of [
      [[field("model", "whisper-1"), file("file", "RIFF")], 200],
      [[field("model", "other"), file("file", "RIFF")], 403],
      [[field("model", "whisper-1"), field("model", "other")], 403],
      [[field("MODEL", "other"), field("model", "whisper-1")], 403],
      [[file("file", "RIFF")], 403],
    ] as const) {
      const response = await listed.send("POST", "/proxy/mock/v1/audio/transcriptions", multipart(...parts), MULTIPART);
      expect([response.status, listed.takeCalls().length]).toEqual([status, status === 200 ? 1 : 0]);
    }
  });

  test("is not reached under the ARN of a model that is denied", async () => {
    await using denied = await startBesideProvider((url) => ({
      CUSTOM_PROVIDERS: "bedrock",
      BEDROCK_API_URL: url,
      DISALLOWED_MODELS: "anthropic.claude-v2",
    }));
    const arn = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2";
    for (const [path, status] of [
      ["/proxy/bedrock/model/anthropic.claude-v2/converse", 403],
      [`/proxy/bedrock/model/${encodeURIComponent(arn)}/converse`, 403],
      [`/proxy/bedrock/model/${encodeURIComponent(arn)}-x/converse`, 200],
    ] as const) {
      expect([path, (await denied.send("POST", path, "{}", JSON_TYPE)).status]).toEqual([path, status]);
    }
    expect((await denied.post("/proxy/bedrock/async-invoke", { modelId: arn })).status).toBe(403);
  });
});
