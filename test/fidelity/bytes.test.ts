import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { json } from "../fixtures/answers.ts";
import { chunk, end, head } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** What JSON parsers lose: big integers, `1.0`, order, escapes, repeated names of no importance, space. */
const ODD = `"seed":12345678901234567890, "x_f":1.0,"x_e" : 1E5 ,"z":{"b":1,"a":[ ]},"x_s":"\\u00e9\\/\\ud83d\\ude00 é\u{1f600}","n":1,"n":2`;

const ROUTES = [
  ["/v1/chat/completions", "openai", "/v1/chat/completions", `"messages":[{"role":"user","content":"hi","x":-0}]`],
  ["/v1/messages", "anthropic", "/v1/messages", `"max_tokens":5,"messages":[{"role":"user","content":"hi"}]`],
  [
    "/v1/messages/count_tokens",
    "anthropic",
    "/v1/messages/count_tokens",
    `"messages":[{"role":"user","content":"hi"}]`,
  ],
  ["/v1/responses", "openai", "/v1/responses", `"input":"hi","tools":[{"type":"namespace","x":1.0}]`],
  ["/v1/embeddings", "openai", "/v1/embeddings", `"input":["a",""],"dimensions":10`],
] as const;

async function relay(target: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const { client, id } = await rig.call({ target, body, headers });
  const received = await rig.provider.nextRequest(10_000);
  const answer = await client.body(10_000);
  client.leave();
  return { received, answer, sent: Buffer.from(received.body), id };
}

describe.each(ROUTES)("%s", (target, provider, upstream, members) => {
  test("the provider gets the client's bytes with another model, and the client gets the provider's bytes", async () => {
    const answer = ` {"id":"x", "big":98765432109876543210,"f":1.0,\n"choices":[],"s":"\\u00e9é"}\n`;
    rig.provider.answer(json(200, answer));
    const body = `{ ${ODD} ,"model" : "${provider}/some-model",${members}}\n`;
    const { received, sent, answer: got } = await relay(target, body);
    expect(received.target).toBe(upstream);
    expect(received.header("content-length")).toBe(String(sent.length));
    expect(sent.toString()).toBe(body.replace(`${provider}/some-model`, "some-model"));
    expect(got).toMatchObject({ complete: true, text: answer });
  });

  test("with the provider named by the query, not one byte differs", async () => {
    rig.provider.answer(json(200, "{}"));
    const body = `{${members},"model":"some\\u002dmodel",${ODD}}`;
    const { received, sent } = await relay(`${target}?provider=${provider.toUpperCase()}&beta=true&x=%2f`, body);
    expect(received.target).toBe(`${upstream}?beta=true&x=%2f`);
    expect(sent.toString()).toBe(body);
  });
});

describe("sizes and codings", () => {
  const bigBody = (provider: string): Buffer => {
    const content = Buffer.alloc(9 * 1024 * 1024, 'é\\n\\"{[,\u{1f600}');
    const whole = content.subarray(0, content.lastIndexOf("{"));
    return Buffer.concat([
      Buffer.from(`{"messages":[{"role":"user","content":"`),
      whole,
      Buffer.from(`"}],"model":"${provider}m"}`),
    ]);
  };

  test("9 MB, plain", async () => {
    rig.provider.answer(json(200, "{}"));
    const { sent, answer, id } = await relay("/v1/chat/completions", bigBody("openai/"));
    expect(sent.equals(bigBody(""))).toBe(true);
    expect(answer.text).toBe("{}");
    expect(await rig.settled(id)).toMatchObject({ bytes_in: sent.length + "openai/".length, bytes_out: 2 });
  });

  test("9 MB, gzip: the provider gets the decoded bytes", async () => {
    rig.provider.answer(json(200, "{}"));
    const zipped = gzipSync(bigBody("openai/"), { level: 1 });
    const { received, sent } = await relay("/v1/chat/completions", zipped, { "content-encoding": "gzip" });
    expect(received.header("content-encoding")).toBeUndefined();
    expect(sent.equals(bigBody(""))).toBe(true);
  });

  test("9 MB back, with a length and in chunks", async () => {
    const answer = bigBody("");
    rig.provider.answer(json(200, answer));
    const whole = await relay("/v1/chat/completions", `{"model":"openai/m","messages":[{"role":"user","content":""}]}`);
    expect(Buffer.from(whole.answer.bytes).equals(answer)).toBe(true);
    const pieces = Array.from({ length: 10 }, (_, index) => chunk(answer.subarray(index * 1e6, (index + 1) * 1e6)));
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    rig.provider.answer([head(200, headers), ...pieces, end()]);
    const parts = await relay("/v1/chat/completions", `{"model":"openai/m","messages":[{"role":"user","content":""}]}`);
    expect(Buffer.from(parts.answer.bytes).equals(answer)).toBe(true);
  });

  test("a chunked request arrives as one body of known length", async () => {
    rig.provider.answer(json(200, "{}"));
    const client = await rig.connect();
    const body = `{"model":"openai/m","messages":[{"role":"user","content":"€"}]}`;
    const bytes = Buffer.from(body);
    await client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    for (let at = 0; at < bytes.length; at += 7) {
      const piece = bytes.subarray(at, at + 7);
      await client.send(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]));
    }
    await client.send("0\r\n\r\n");
    const received = await rig.provider.nextRequest();
    expect(received.header("transfer-encoding")).toBeUndefined();
    expect(Buffer.from(received.body).toString()).toBe(body.replace("openai/", ""));
    expect((await client.head()).status).toBe(200);
    client.leave();
  });

  test("a status, its body and the allowed headers pass as they are, others do not", async () => {
    rig.provider.answer(
      json(201, '{"a":1.0}', {
        "x-ratelimit-remaining-requests": "7",
        "x-request-id": "their-id",
        "set-cookie": "a=b",
        server: "theirs",
      }),
    );
    const { client, id } = await rig.call({
      target: "/v1/chat/completions",
      body: `{"model":"openai/m","messages":[{"role":"user","content":""}]}`,
    });
    const answered = await client.head();
    expect(answered.status).toBe(201);
    expect(answered.header("content-type")).toBe("application/json");
    expect(answered.header("x-ratelimit-remaining-requests")).toBe("7");
    expect(answered.header("x-upstream-request-id")).toBe("their-id");
    expect(answered.header("x-request-id")).toBe(id);
    expect([answered.header("set-cookie"), answered.header("server")]).toEqual([undefined, undefined]);
    expect((await client.body()).text).toBe('{"a":1.0}');
    client.leave();
  });
});
