import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { TranslatedApi } from "../../src/formats/wires.ts";
import { eventFrame, eventStream } from "../fixtures/aws-event-stream.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { Step } from "../fixtures/script.ts";
import { brokenRules as brokenByCohere } from "../formats/cohere/provider-rules.ts";
import { brokenRules as brokenByConverse } from "../formats/converse/provider-rules.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

/*
 * Three rounds with tools: two calls at once, of which one fails; a call whose result is a picture; the last words. The
 * provider refuses what breaks its rules, and wants its thoughts back.
 */

let started: TranslatingGateway;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  started = await startTranslating({ ERROR_FORMAT: "openai", ENABLE_VISION: "true" }, { dialects: DIALECTS });
  openai = new OpenAI({ baseURL: `${started.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: started.gateway.url, apiKey: "none", maxRetries: 0 });
});
afterAll(() => started[Symbol.asyncDispose]());

interface Round {
  readonly thought: string;
  readonly said: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: object }[];
}

const ROUNDS: readonly Round[] = [
  {
    thought: "First both",
    said: "I look.",
    calls: [
      { id: "c1", name: "look", input: { at: "a" } },
      { id: "c2", name: "look", input: {} },
    ],
  },
  { thought: "Now the picture", said: "I draw.", calls: [{ id: "c3", name: "draw", input: { wide: true } }] },
  { thought: "Enough", said: "Done.", calls: [] },
];
const FINAL = "Done.";
const PNG = "iVBORw0KGgoAAAANSUhEUg==";

interface LoopWire {
  readonly model: string;
  readonly broken: (body: JsonObject) => readonly string[];
  readonly answer: (round: Round, streams: boolean) => Step[];
  /** What the provider must find in a request after that many rounds. */
  readonly needs: (rounds: readonly Round[]) => readonly string[];
}

const CONVERSE: LoopWire = {
  model: "conversing/anthropic.claude-sonnet-4-5-20250929-v1:0",
  broken: brokenByConverse,
  needs: (rounds) => rounds.map(({ thought }) => JSON.stringify({ text: thought, signature: `sig ${thought}` })),
  answer({ thought, said, calls }, streams) {
    const stopReason = calls.length > 0 ? "tool_use" : "end_turn";
    const usage = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };
    const signature = `sig ${thought}`;
    if (!streams) {
      const content = [
        { reasoningContent: { reasoningText: { text: thought, signature } } },
        { text: said },
        ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
      ];
      return json(200, { output: { message: { role: "assistant", content } }, stopReason, usage });
    }
    const delta = (contentBlockIndex: number, change: object) =>
      eventFrame("contentBlockDelta", { contentBlockIndex, delta: change });
    const stop = (contentBlockIndex: number) => eventFrame("contentBlockStop", { contentBlockIndex });
    return eventStream([
      eventFrame("messageStart", { role: "assistant" }),
      ...[delta(0, { reasoningContent: { text: thought } }), delta(0, { reasoningContent: { signature } }), stop(0)],
      ...[delta(1, { text: said }), stop(1)],
      ...calls.flatMap(({ id, name, input }, at) => [
        eventFrame("contentBlockStart", { contentBlockIndex: at + 2, start: { toolUse: { toolUseId: id, name } } }),
        ...(Object.keys(input).length > 0 ? [delta(at + 2, { toolUse: { input: JSON.stringify(input) } })] : []),
        stop(at + 2),
      ]),
      eventFrame("messageStop", { stopReason }),
      eventFrame("metadata", { usage }),
    ]);
  },
};

const COHERE: LoopWire = {
  model: "cohering/command-a-reasoning-08-2025",
  broken: brokenByCohere,
  needs: (rounds) => rounds.map(({ thought }) => JSON.stringify({ type: "thinking", thinking: thought })),
  answer({ thought, said, calls }, streams) {
    const finish_reason = calls.length > 0 ? "TOOL_CALL" : "COMPLETE";
    const usage = { tokens: { input_tokens: 3, output_tokens: 4 } };
    const callOf = ({ id, name, input }: Round["calls"][number]) => {
      const args = Object.keys(input).length > 0 ? JSON.stringify(input) : null;
      return { id, type: "function", function: { name, arguments: args } };
    };
    if (!streams) {
      const thinking = { type: "thinking", thinking: thought };
      const message =
        calls.length > 0
          ? { content: [thinking], tool_plan: said, tool_calls: calls.map(callOf) }
          : { content: [thinking, { type: "text", text: said }] };
      return json(200, { id: "up", finish_reason, message: { role: "assistant", ...message }, usage });
    }
    const event = (type: string, message: object, index = 0) => dataEvent({ type, index, delta: { message } }, type);
    const text = [
      event("content-start", { content: { type: "text", text: "" } }, 1),
      event("content-delta", { content: { text: said } }, 1),
      event("content-end", {}, 1),
    ];
    return sse([
      dataEvent({ type: "message-start", id: "up", delta: { message: { role: "assistant" } } }),
      event("content-start", { content: { type: "thinking", thinking: "" } }),
      event("content-delta", { content: { thinking: thought } }),
      event("content-end", {}),
      ...(calls.length > 0 ? [event("tool-plan-delta", { tool_plan: said })] : text),
      ...calls.flatMap((call, at) => [
        event("tool-call-start", { tool_calls: callOf(call) }, at),
        event("tool-call-end", {}, at),
      ]),
      dataEvent({ type: "message-end", delta: { finish_reason, usage } }),
    ]);
  },
};

const WIRES = { converse: CONVERSE, cohere: COHERE } as const;

/** Answers round by round, and refuses what a provider would refuse. */
function provide({ broken, answer, needs }: LoopWire): { readonly requests: string[] } {
  const requests: string[] = [];
  started.answerWith((request: ReceivedRequest) => {
    const sent = bodyText(request);
    const body = JSON.parse(sent) as JsonObject;
    const round = requests.push(sent) - 1;
    const missing = needs(ROUNDS.slice(0, round)).filter((part) => !sent.includes(part));
    const faults = [...broken(body), ...missing.map((part) => `without ${part}`)];
    if (faults.length > 0) return json(400, { message: faults.join("; ") });
    const streams = request.target.endsWith("/converse-stream") || body["stream"] === true;
    return answer(ROUNDS[round] ?? { thought: "", said: "", calls: [] }, streams);
  });
  return { requests };
}

/** What a tool gives back. */
type Given = { readonly text: string; readonly isError?: boolean } | { readonly image: string };

const run = (id: string): Given =>
  id === "c1" ? { text: "seen" } : id === "c2" ? { text: "broken", isError: true } : { image: PNG };

const parameters = { type: "object" as const, properties: {} };
const NAMES = ["look", "draw"];

async function loopMessages(model: string, streams: boolean): Promise<string> {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: "Go" }];
  for (;;) {
    const body = {
      model,
      max_tokens: 4000,
      messages,
      thinking: { type: "enabled" as const, budget_tokens: 2000 },
      tools: NAMES.map((name) => ({ name, input_schema: parameters })),
    };
    const answer = streams
      ? await anthropic.messages.stream(body).finalMessage()
      : await anthropic.messages.create(body);
    messages.push({ role: "assistant", content: answer.content });
    const calls = answer.content.flatMap((block) => (block.type === "tool_use" ? [block] : []));
    if (calls.length === 0) return answer.content.map((block) => (block.type === "text" ? block.text : "")).join("");
    messages.push({
      role: "user",
      content: calls.map(({ id }) => {
        const given = run(id);
        if ("text" in given) {
          return { type: "tool_result", tool_use_id: id, content: given.text, is_error: given.isError === true };
        }
        const source = { type: "base64", media_type: "image/png", data: given.image } as const;
        return { type: "tool_result", tool_use_id: id, content: [{ type: "image", source }] };
      }),
    });
  }
}

async function loopChat(model: string): Promise<string> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Go" }];
  for (;;) {
    const answer = await openai.chat.completions.create({
      model,
      messages,
      reasoning_effort: "low",
      tools: NAMES.map((name) => ({ type: "function" as const, function: { name, parameters } })),
    });
    const message = answer.choices[0]?.message;
    if (!message) throw new Error("no message");
    messages.push(message);
    if (!message.tool_calls) return message.content ?? "";
    for (const { id } of message.tool_calls) {
      const given = run(id);
      messages.push({ role: "tool", tool_call_id: id, content: "text" in given ? given.text : "drawn" });
    }
  }
}

async function loopResponses(model: string, streams: boolean): Promise<string> {
  const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "Go" }];
  for (;;) {
    const body = {
      model,
      input,
      store: false,
      reasoning: { effort: "low" as const },
      tools: NAMES.map((name) => ({ type: "function" as const, name, parameters, strict: false })),
    };
    const answer = streams ? await openai.responses.stream(body).finalResponse() : await openai.responses.create(body);
    input.push(...(answer.output as OpenAI.Responses.ResponseInput));
    const calls = answer.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
    if (calls.length === 0) return answer.output_text;
    for (const { call_id } of calls) {
      const given = run(call_id);
      const image = "image" in given ? given.image : "";
      const shown = {
        type: "input_image" as const,
        detail: "auto" as const,
        image_url: `data:image/png;base64,${image}`,
      };
      input.push({ type: "function_call_output", call_id, output: "text" in given ? given.text : [shown] });
    }
  }
}

const LOOPS: readonly (readonly [client: TranslatedApi, streams: boolean, loop: (model: string) => Promise<string>])[] =
  [
    ["messages", false, (model) => loopMessages(model, false)],
    ["messages", true, (model) => loopMessages(model, true)],
    // Its official helper for streams leaves out the members in which seals travel.
    ["chat", false, loopChat],
    ["responses", false, (model) => loopResponses(model, false)],
    ["responses", true, (model) => loopResponses(model, true)],
  ];

describe.each(["converse", "cohere"] as const)("three rounds with tools at a provider of %s", (name) => {
  test.each(LOOPS)("by a client of %s, as a stream: %s", async (client, _, loop) => {
    const wire = WIRES[name];
    const { requests } = provide(wire);
    expect(await loop(wire.model)).toBe(FINAL);
    expect(requests).toHaveLength(ROUNDS.length);
    const last = requests.at(-1) ?? "";
    for (const part of ["Go", "seen", "broken", "c1", "c2", "c3", ...ROUNDS.slice(0, 2).map(({ said }) => said)]) {
      expect(last).toContain(part);
    }
    if (client !== "chat") expect(last).toContain(PNG);
  });
});
