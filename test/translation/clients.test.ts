import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Content, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import type { TranslatedApi } from "../../src/formats/wires.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf, CALL, TEXT, USAGE } from "./provider-traffic.ts";
import { ALL_PAIRS, PROVIDERS, startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

let started: TranslatingGateway;
let openai: OpenAI;
let anthropic: Anthropic;
let google: GoogleGenAI;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
  openai = new OpenAI({ baseURL: `${started.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
  google = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: started.gateway.url } });
  anthropic = new Anthropic({ baseURL: started.gateway.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => started[Symbol.asyncDispose]());

const parameters = { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] };
const QUESTION = "How is the weather?";

/** What a client has understood of an answer. */
interface Understood {
  readonly text: string;
  readonly calls: readonly unknown[];
  readonly stop: unknown;
  readonly usage: unknown;
  /** The same request with this answer and a result of the tool. */
  readonly goOn: () => Promise<unknown>;
}

const RESULT = "sunny";

async function askChat(model: string, streams: boolean): Promise<Understood> {
  const question = { role: "user" as const, content: QUESTION };
  const request = {
    model,
    messages: [question] as OpenAI.ChatCompletionMessageParam[],
    tools: [{ type: "function" as const, function: { name: CALL.name, parameters } }],
  };
  const options = { stream_options: { include_usage: true } };
  const answer = streams
    ? await openai.chat.completions.stream({ ...request, ...options }).finalChatCompletion()
    : await openai.chat.completions.create(request);
  const [choice] = answer.choices;
  const calls = choice?.message.tool_calls ?? [];
  return {
    text: choice?.message.content ?? "",
    calls: calls.map((call) =>
      call.type === "function"
        ? { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }
        : call,
    ),
    stop: choice?.finish_reason,
    usage: [
      answer.usage?.prompt_tokens,
      answer.usage?.completion_tokens,
      answer.usage?.prompt_tokens_details?.cached_tokens,
    ],
    goOn: () =>
      openai.chat.completions.create({
        ...request,
        messages: [
          question,
          ...(choice ? [choice.message] : []),
          { role: "tool", tool_call_id: CALL.id, content: RESULT },
        ],
      }),
  };
}

async function askMessages(model: string, streams: boolean): Promise<Understood> {
  const question = { role: "user" as const, content: QUESTION };
  const request = {
    model,
    max_tokens: 100,
    messages: [question] as Anthropic.MessageParam[],
    tools: [{ name: CALL.name, input_schema: parameters }],
  };
  const answer = streams
    ? await anthropic.messages.stream(request).finalMessage()
    : await anthropic.messages.create(request);
  return {
    text: answer.content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    calls: answer.content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    stop: answer.stop_reason,
    usage: [
      answer.usage.input_tokens + (answer.usage.cache_read_input_tokens ?? 0),
      answer.usage.output_tokens,
      answer.usage.cache_read_input_tokens,
    ],
    goOn: () =>
      anthropic.messages.create({
        ...request,
        messages: [
          question,
          { role: "assistant", content: answer.content },
          { role: "user", content: [{ type: "tool_result", tool_use_id: CALL.id, content: RESULT }] },
        ],
      }),
  };
}

async function askResponses(model: string, streams: boolean): Promise<Understood> {
  const request = {
    model,
    input: [{ role: "user", content: QUESTION }] as OpenAI.Responses.ResponseInput,
    tools: [{ type: "function" as const, name: CALL.name, parameters, strict: false }],
    store: false,
  };
  const answer = streams
    ? await openai.responses.stream(request).finalResponse()
    : await openai.responses.create(request);
  const calls = answer.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
  return {
    text: answer.output_text,
    calls: calls.map((item) => ({
      id: item.call_id,
      name: item.name,
      input: JSON.parse(item.arguments) as unknown,
    })),
    stop: answer.status,
    usage: [answer.usage?.input_tokens, answer.usage?.output_tokens, answer.usage?.input_tokens_details.cached_tokens],
    goOn: () =>
      openai.responses.create({
        ...request,
        input: [
          ...request.input,
          ...(answer.output as OpenAI.Responses.ResponseInput),
          { type: "function_call_output", call_id: CALL.id, output: RESULT },
        ],
      }),
  };
}

async function askGenerate(model: string, streams: boolean): Promise<Understood> {
  const question = { role: "user", parts: [{ text: QUESTION }] };
  const request = {
    model,
    contents: [question] as Content[],
    config: { tools: [{ functionDeclarations: [{ name: CALL.name, parametersJsonSchema: parameters }] }] },
  };
  const answers: GenerateContentResponse[] = [];
  if (streams) for await (const chunk of await google.models.generateContentStream(request)) answers.push(chunk);
  else answers.push(await google.models.generateContent(request));
  const contents = answers.flatMap(({ candidates }) => candidates?.[0]?.content ?? []);
  const parts = contents.flatMap((content) => content.parts ?? []);
  const { candidates, usageMetadata } = answers.at(-1) ?? {};
  return {
    text: parts.map(({ text }) => text ?? "").join(""),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall ? [{ id: functionCall.id, name: functionCall.name, input: functionCall.args }] : [],
    ),
    stop: candidates?.[0]?.finishReason,
    usage: [
      usageMetadata?.promptTokenCount,
      usageMetadata?.candidatesTokenCount,
      usageMetadata?.cachedContentTokenCount,
    ],
    goOn: () => {
      const functionResponse = { id: CALL.id, name: CALL.name, response: { output: RESULT } };
      return google.models.generateContent({
        ...request,
        contents: [question, ...contents, { role: "user", parts: [{ functionResponse }] }],
      });
    },
  };
}

/** Converse and Google's own API say it in the address alone. */
const asksForStream = (request: ReceivedRequest): boolean =>
  /\/converse-stream|:stream/.test(request.target) ||
  (JSON.parse(bodyText(request)) as { stream?: unknown }).stream === true;

const ASK = { chat: askChat, messages: askMessages, responses: askResponses, generate: askGenerate } as const;
const STOPS: Readonly<Record<TranslatedApi, string>> = {
  chat: "tool_calls",
  messages: "tool_use",
  responses: "completed",
  generate: "STOP",
};

describe.each(ALL_PAIRS.flatMap((pair) => [false, true].map((streams) => [...pair, streams] as const)))(
  "the official client of %s, at a provider of %s, as a stream: %s",
  (client, wire, streams) => {
    test("understands text, call, reason to stop and usage, and what it sends back is understood", async () => {
      started.answerWith((request) => answerOf(wire, asksForStream(request)));
      const { goOn, ...understood } = await ASK[client](`${PROVIDERS[wire]}/m`, streams);
      expect(understood).toEqual({
        text: TEXT,
        calls: [CALL],
        stop: STOPS[client],
        usage: [USAGE.input, USAGE.output, USAGE.cached],
      });
      started.takeCalls();
      await goOn();
      const [call] = started.takeCalls();
      const sent = call ? bodyText(call) : "";
      for (const part of [QUESTION, TEXT, CALL.id, CALL.name, RESULT]) expect(sent).toContain(part);
      expect(sent).not.toContain(`${PROVIDERS[wire]}/m`);
    });
  },
);

test("a tool's name that the provider does not take comes back as the client gave it", async () => {
  const name = `mcp__server__${"tool_".repeat(12)}end`;
  let sent: string | undefined;
  started.answerWith((request) => {
    const { tools } = JSON.parse(bodyText(request)) as { tools: { function: { name: string } }[] };
    sent = tools[0]?.function.name;
    const tool_calls = [{ id: "c1", type: "function", function: { name: sent, arguments: "{}" } }];
    const message = { role: "assistant", content: null, tool_calls };
    return json(200, { id: "x", choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
  });
  const answer = await anthropic.messages.create({
    model: `${PROVIDERS.chat}/m`,
    max_tokens: 10,
    messages: [{ role: "user", content: QUESTION }],
    tools: [{ name, input_schema: parameters }],
  });
  expect(sent?.length).toBeLessThanOrEqual(64);
  expect(answer.content).toMatchObject([{ type: "tool_use", id: "c1", name, input: {} }]);
});
