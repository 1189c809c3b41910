import { afterAll, beforeAll, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

let started: TranslatingGateway;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
});
afterAll(() => started[Symbol.asyncDispose]());

const MESSAGES = [{ role: "user", content: "x" }];
const generate = (model: string): string => `/v1beta/models/${model}:generateContent`;
const contents = [{ role: "user", parts: [{ text: "x" }] }];

test.each<[path: string, request: object, member: string]>([
  ["/v1/chat/completions", { model: "messaging/m", messages: MESSAGES, n: 2 }, "n"],
  ["/v1/chat/completions", { model: "responding/m", messages: MESSAGES, stop: ["a"] }, "stop"],
  [
    "/v1/messages",
    { model: "responding/m", max_tokens: 9, messages: MESSAGES, stop_sequences: ["a"] },
    "stop_sequences",
  ],
  ["/v1/responses", { model: "messaging/m", input: "x", include: ["message.output_text.logprobs"] }, "include"],
  [generate("messaging/m"), { contents, generationConfig: { candidateCount: 2 } }, "generationConfig.candidateCount"],
  [
    generate("responding/m"),
    { contents, generationConfig: { stopSequences: ["a"] } },
    "generationConfig.stopSequences",
  ],
])("%s of %j is refused in the client's own words", async (path, request, member) => {
  const response = await started.post(path, request);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: string | { message: string } };
  expect(typeof error === "string" ? error : error.message).toStartWith(`${member} cannot be sent to `);
  expect(started.takeCalls()).toEqual([]);
});

test.each<[path: string, request: object, header: string, members: string]>([
  [
    generate("messaging/m"),
    { contents, generationConfig: { seed: 7, presencePenalty: 1 } },
    "x-gateway-dropped",
    "generationConfig.seed, generationConfig.presencePenalty",
  ],
  [
    "/v1/messages",
    { model: "responding/m", max_tokens: 9, messages: MESSAGES, top_k: 3 },
    "x-gateway-dropped",
    "top_k",
  ],
])("of %s, what is left out of %j is told in the client's own words", async (path, request, header, members) => {
  started.answerWith(json(200, { error: { message: "enough" } }));
  const response = await started.post(path, request);
  expect([started.takeCalls().length, response.headers.get(header)]).toEqual([1, members]);
});
