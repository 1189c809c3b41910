import { describe, expect, test } from "bun:test";
import { contentBytes } from "../../src/formats/content-bytes.ts";
import { estimateUsage } from "../../src/formats/estimate-usage.ts";
import { mediaBytes } from "../../src/formats/media-bytes.ts";

const event = (data: unknown, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
const chatDelta = (content: string): string =>
  event({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m", choices: [{ index: 0, delta: { content } }] });
const whole = (text: string): number => contentBytes(Buffer.from(text), Buffer.byteLength(text), true);

describe("the content of an answer in bytes", () => {
  const TEXT = 'Grüße, "Welt"!\n\\ 😀';
  const BYTES = Buffer.byteLength(TEXT);

  test.each([
    ["chat", { choices: [{ message: { role: "assistant", content: TEXT } }] }, BYTES],
    ["thoughts", { choices: [{ message: { reasoning_content: TEXT, content: TEXT } }] }, 2 * BYTES],
    ["calls", { choices: [{ message: { tool_calls: [{ function: { name: "f", arguments: '{"a":1}' } }] } }] }, 7],
    ["completions", { choices: [{ text: TEXT }] }, BYTES],
    ["messages", { content: [{ type: "text", text: TEXT }] }, BYTES],
    ["generate", { candidates: [{ content: { parts: [{ text: TEXT }] } }] }, BYTES],
    ["responses", { output: [{ content: [{ type: "output_text", text: TEXT }] }], text: { format: {} } }, BYTES],
    ["embeddings", { data: [{ embedding: [0.1, 0.2] }] }, 0],
  ])("of %s", (_, answer, bytes) => {
    expect(whole(JSON.stringify(answer))).toBe(bytes);
    expect(whole(JSON.stringify(answer, undefined, 2))).toBe(bytes);
  });

  test("of escapes that no client would need", () => {
    expect(whole(String.raw`{"text":"\u0041\u00e9\u20ac\ud83d\ude00\/"}`)).toBe(1 + 2 + 3 + 4 + 1);
  });

  test("is not what a text says of members", () => {
    expect(whole(JSON.stringify({ text: '{"content":"hidden"}' }))).toBe('{"content":"hidden"}'.length);
  });

  test("of a stream, wherever it is cut", () => {
    const stream = ["a", "bcd", "", "efgh"].map(chatDelta).join("");
    expect(whole(stream)).toBe(8);
    expect(whole(stream.slice(0, -7))).toBe(8);
    expect(whole(stream.slice(0, stream.lastIndexOf("gh")))).toBe(6);
  });

  test("of Anthropic's and OpenAI's streams, each text once", () => {
    expect(
      whole(
        event({ type: "content_block_start", content_block: { type: "text", text: "" } }) +
          event({ type: "content_block_delta", delta: { type: "text_delta", text: "four" } }) +
          event({ type: "content_block_delta", delta: { type: "input_json_delta", partial_json: '{"' } }),
      ),
    ).toBe(6);
    expect(
      whole(
        event({ type: "response.output_text.delta", delta: "four" }) +
          event({ type: "response.output_text.done", text: "four" }) +
          event({ type: "response.output_item.done", item: { content: [{ text: "four" }] } }),
      ),
    ).toBe(4);
  });

  test("of a long stream, of which only the end is known, in proportion", () => {
    const deltas = Array.from({ length: 1000 }, (_, index) => chatDelta(index % 2 === 0 ? "four" : "eighteen"));
    const stream = Buffer.from(`${deltas.join("")}data: [DONE]\n\n`);
    const last = stream.subarray(-5000);
    const known = contentBytes(last, stream.length, true);
    expect(Math.abs(known / 6000 - 1)).toBeLessThan(0.01);
  });

  test("of nothing", () => {
    expect(whole("")).toBe(0);
    expect(whole(": keep-alive\n\n")).toBe(0);
  });
});

describe("an estimate", () => {
  const answer = Buffer.from(JSON.stringify({ choices: [{ message: { content: "12345678" } }] }));
  const seen = { bytesIn: 101, mediaBytesIn: 0, usage: undefined };

  test("is a token for four bytes of both, rounded up", () => {
    expect(estimateUsage(seen, { last: answer, total: answer.length, isStream: true, isCut: false })).toEqual({
      inputTokens: 26,
      outputTokens: 2,
    });
  });

  test("leaves media out", () => {
    const withMedia = { ...seen, bytesIn: 1001, mediaBytesIn: 900 };
    expect(
      estimateUsage(withMedia, { last: answer, total: answer.length, isStream: true, isCut: false })?.inputTokens,
    ).toBe(26);
  });

  test("is not made if the provider has said it, and is if it said 0", () => {
    expect(
      estimateUsage(
        { ...seen, usage: { inputTokens: 9 } },
        { last: answer, total: answer.length, isStream: true, isCut: false },
      ),
    ).toBeUndefined();
    const zero = { ...seen, usage: { inputTokens: 0, outputTokens: 0 } };
    expect(estimateUsage(zero, { last: answer, total: answer.length, isStream: true, isCut: false })).toEqual({
      inputTokens: 26,
      outputTokens: 2,
    });
  });

  test("keeps what the provider said of a stream that was cut, unless its output is from the beginning", () => {
    const long = Buffer.from(Array.from({ length: 20 }, () => chatDelta("12345678")).join(""));
    const told = (outputTokens: number) => ({ ...seen, usage: { inputTokens: 9, outputTokens } });
    expect(estimateUsage(told(1), { last: long, total: long.length, isStream: true, isCut: true })).toEqual({
      inputTokens: 9,
      outputTokens: 40,
    });
    expect(estimateUsage(told(35), { last: long, total: long.length, isStream: true, isCut: true })).toBeUndefined();
    expect(estimateUsage(told(60), { last: long, total: long.length, isStream: true, isCut: true })).toBeUndefined();
  });
});

describe("media in a request", () => {
  const base64 = "QUJD".repeat(5000);
  test.each([
    ["a data URL", { image_url: { url: `data:image/png;base64,${base64}` } }, base64.length + 17],
    ["Anthropic's", { source: { type: "base64", data: base64 } }, base64.length],
    ["Google's", { inline_data: { mime_type: "image/png", data: base64 } }, base64.length],
    ["a file", { data: `data:application/pdf;base64,${base64}` }, base64.length + 23],
    ["none", { text: `data: ${base64}`, data: "short", other: { data: 1 } }, 0],
  ])("%s", (_, part, bytes) => {
    for (const space of [undefined, 2]) {
      const body = Buffer.from(JSON.stringify({ messages: [part, { text: "x".repeat(20_000) }] }, undefined, space));
      const found = mediaBytes(body);
      expect(Math.abs(found - bytes)).toBeLessThanOrEqual(bytes === 0 ? 0 : 8);
    }
  });
});
