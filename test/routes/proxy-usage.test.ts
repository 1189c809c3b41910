import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { chunk, end, head } from "../fixtures/script.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({ ...threeProviders(url), COST_ENABLED: "true", LOG_LEVEL: "info" }));
});
afterAll(() => started[Symbol.asyncDispose]());

const CHAT_USAGE = { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 };
const HEAD = { "content-type": "application/json" };

let requests = 0;

/** Asks at a path, and returns the answer's text and what the log says of it. */
async function ask(path: string, answer: Parameters<StartedGateway["answerWith"]>[0], method = "POST") {
  started.answerWith(answer);
  const id = `proxied-${++requests}`;
  const body = method === "POST" ? { model: "asked-for" } : undefined;
  const response = await started.send(method, path, body && JSON.stringify(body), { ...HEAD, "x-request-id": id });
  const bytes = await response.bytes();
  const line = await started.gateway.logged((each) => each["request_id"] === id);
  return { bytes, line };
}

const messageStart = {
  type: "message_start",
  message: { model: "claude-x", usage: { input_tokens: 30, output_tokens: 1 } },
};
const messageDelta = { type: "message_delta", usage: { output_tokens: 12 } };
const generated = { modelVersion: "gemini-x", usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2 } };

describe("usage on /proxy", () => {
  test.each([
    ["/proxy/openai/chat/completions", { model: "gpt-4o", usage: CHAT_USAGE }, "gpt-4o", 1000, 500],
    ["/proxy/openai/v1/chat/completions/?x=/other", { model: "gpt-4o", usage: CHAT_USAGE }, "gpt-4o", 1000, 500],
    ["/v1/proxy/openai/completions", { model: "m", usage: CHAT_USAGE }, "m", 1000, 500],
    [
      "/proxy/openai/embeddings",
      { data: ["x".repeat(5000)], model: "e", usage: { prompt_tokens: 8 } },
      "e",
      8,
      undefined,
    ],
    ["/proxy/openai/responses", { model: "r", output: [], usage: { input_tokens: 3, output_tokens: 2 } }, "r", 3, 2],
    ["/proxy/openai/messages", { model: "c", usage: { input_tokens: 3, output_tokens: 2 } }, "c", 3, 2],
    ["/proxy/openai/models/g:generateContent", generated, "gemini-x", 4, 2],
  ])("is that of the answer at %s", async (path, body, model, input, output) => {
    const { bytes, line } = await ask(path, json(200, body));
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(body);
    expect([line["model"], line["input_tokens"], line["output_tokens"]]).toEqual([model, input, output]);
    expect(line["usage_source"]).toBe("provider");
  });

  test("has a price", async () => {
    const { line } = await ask("/proxy/openai/chat/completions", json(200, { model: "gpt-4o", usage: CHAT_USAGE }));
    expect(line["cost_usd"]).toBe(0.0075);
  });

  test.each([
    ["/proxy/openai/messages", [dataEvent(messageStart), dataEvent(messageDelta)], "claude-x", 30, 12],
    [
      "/proxy/openai/chat/completions",
      [dataEvent({ model: "m", choices: [] }), dataEvent({ usage: CHAT_USAGE })],
      "m",
      1000,
      500,
    ],
    ["/proxy/openai/models/g:streamGenerateContent", [dataEvent(generated)], "gemini-x", 4, 2],
  ])("is that of a stream at %s, wherever it is cut", async (path, events, model, input, output) => {
    const whole = events.join("");
    for (const size of [whole.length, 7]) {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        chunk(whole.slice(at * size, (at + 1) * size)),
      );
      const { bytes, line } = await ask(path, [head(200, [["Content-Type", "text/event-stream"]]), ...pieces, end()]);
      expect(Buffer.from(bytes).toString()).toBe(whole);
      expect([line["model"], line["input_tokens"], line["output_tokens"]]).toEqual([model, input, output]);
    }
  });

  const body = { model: "gpt-4o", usage: CHAT_USAGE };
  const zipped = gzipSync(JSON.stringify(body));
  test.each([
    ["at another path", "/proxy/openai/chat/other", json(200, body), "POST"],
    ["of another method", "/proxy/openai/chat/completions", json(200, body), "GET"],
    ["of an error", "/proxy/openai/chat/completions", json(400, body), "POST"],
    ["of no usage", "/proxy/openai/chat/completions", sse([dataEvent({ choices: [] })]), "POST"],
    [
      "in encoded bytes",
      "/proxy/openai/chat/completions",
      [
        head(200, [
          ["Content-Type", "application/json"],
          ["Content-Encoding", "gzip"],
          ["Content-Length", String(zipped.length)],
        ]),
        chunk(zipped),
        end(),
      ],
      "POST",
    ],
  ])("is not known %s", async (_, path, answer, method) => {
    const { line } = await ask(path, answer, method);
    expect([line["model"], line["input_tokens"], line["cost_usd"]]).toEqual([undefined, undefined, undefined]);
  });
});
