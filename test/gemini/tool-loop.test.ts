import { type Content, type FunctionCall, type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { brokenRules } from "../formats/messages/provider-rules.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { startTranslating, type TranslatingGateway } from "../translation/translating-gateway.ts";

/*
 * A client's own loop: three rounds of a model that thinks and calls two tools at once, of which one fails. Each request
 * must bring back everything that the provider needs.
 */

const ROUNDS = 3;

let started: TranslatingGateway;
let google: GoogleGenAI;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
  google = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: started.gateway.url } });
});
afterAll(() => started[Symbol.asyncDispose]());

const named = (data: { readonly type: string }): string => dataEvent(data, data.type);

interface Provider {
  /** Its blocks or items of one round. */
  said(round: number): readonly JsonObject[];
  whole(said: readonly JsonObject[]): object;
  stream(said: readonly JsonObject[]): readonly string[];
  /** Those of the model's blocks or items in a request that must have come back unchanged. */
  cameBack(request: JsonObject): readonly unknown[];
  readonly model: string;
}

const callsOf = (round: number) =>
  [0, 1].map((at) => ({ id: `call_${round}_${at}`, name: at === 0 ? "read" : "write", input: { round, at } }));

const isLast = (round: number): boolean => round === ROUNDS;

const MESSAGES: Provider = {
  model: "messaging/claude-sonnet-4-5",
  said: (round) => [
    { type: "thinking", thinking: `thought ${round}`, signature: `sig${round}==` },
    { type: "redacted_thinking", data: `hidden${round}` },
    { type: "text", text: `round ${round}` },
    ...(isLast(round) ? [] : callsOf(round).map((call) => ({ type: "tool_use", ...call }))),
  ],
  whole: (content) => ({
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", content },
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
  stream(content) {
    const blocks = content.flatMap((block, index) => {
      const { thinking, signature, text, input, ...rest } = block;
      const deltas: object[] = [];
      if (thinking) {
        deltas.push({ type: "thinking_delta", thinking }, { type: "signature_delta", signature });
      }
      if (text) deltas.push({ type: "text_delta", text });
      if (input) deltas.push({ type: "input_json_delta", partial_json: JSON.stringify(input) });
      const begun = { ...rest, ...(thinking ? { thinking: "", signature: "" } : {}), ...(input ? { input: {} } : {}) };
      return [
        { type: "content_block_start", index, content_block: { ...begun, ...(text ? { text: "" } : {}) } },
        ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
        { type: "content_block_stop", index },
      ];
    });
    const whole = MESSAGES.whole(content) as { readonly stop_reason: string };
    return [
      { type: "message_start", message: { ...whole, content: [], stop_reason: null } },
      ...blocks,
      { type: "message_delta", delta: { stop_reason: whole.stop_reason }, usage: { output_tokens: 1 } },
      { type: "message_stop" },
    ].map(named);
  },
  cameBack(request) {
    expect(brokenRules(request)).toEqual([]);
    const messages = request["messages"] as { readonly role: string; readonly content: JsonObject[] }[];
    return messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  },
};

const RESPONSES: Provider = {
  model: "responding/o4",
  said: (round) => [
    {
      ...{ type: "reasoning", id: `rs_${round}`, encrypted_content: `secret${round}` },
      summary: [{ type: "summary_text", text: `thought ${round}` }],
    },
    {
      ...{ type: "message", id: `msg_${round}`, role: "assistant", status: "completed" },
      content: [{ type: "output_text", text: `round ${round}`, annotations: [] }],
    },
    ...(isLast(round) ? [] : callsOf(round)).map(({ id, name, input }) => ({
      ...{ type: "function_call", id: `fc_${id}`, call_id: id, name },
      ...{ arguments: JSON.stringify(input), status: "completed" },
    })),
  ],
  whole: (output) => ({
    ...{ id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", error: null, output },
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  }),
  stream: (output) =>
    [
      { type: "response.created", response: { ...RESPONSES.whole([]), status: "in_progress" } },
      ...output.flatMap((item, index) => [
        { type: "response.output_item.added", output_index: index, item },
        { type: "response.output_item.done", output_index: index, item },
      ]),
      { type: "response.completed", response: RESPONSES.whole(output) },
    ].map(named),
  cameBack(request) {
    const items = request["input"] as JsonObject[];
    const rounds: JsonObject[][] = [];
    for (const { type, role, encrypted_content: secret, call_id: id } of items) {
      if (type === "reasoning") rounds.push([{ secret }]);
      else if (type === "function_call") rounds.at(-1)?.push({ id });
      else if (role === "assistant") rounds.at(-1)?.push({ role });
    }
    return rounds;
  },
};

/** What must come back of each round, in the provider's own words. */
function expected(provider: Provider, round: number): unknown {
  const said = provider.said(round);
  if (provider === MESSAGES) return said.map((block) => expect.objectContaining(block));
  return said.map((item) =>
    item["type"] === "reasoning"
      ? { secret: item["encrypted_content"] }
      : item["type"] === "message"
        ? { role: "assistant" }
        : { id: item["call_id"] },
  );
}

const declarations = ["read", "write"].map((name) => ({
  name,
  parametersJsonSchema: { type: "object", properties: { round: { type: "integer" }, at: { type: "integer" } } },
}));

const answerTo = ({ id, name, args }: FunctionCall) => ({
  functionResponse: {
    ...(id !== undefined && { id }),
    name: name ?? "",
    response: args?.["at"] === 1 ? { error: "no such file" } : { output: `read ${JSON.stringify(args)}` },
  },
});

describe.each([
  ["messages", MESSAGES],
  ["responses", RESPONSES],
] as const)("a loop of a client on %s", (_, provider) => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("goes through (streams: %p, shows thoughts: %p)", async (streams, includeThoughts) => {
    const config = {
      tools: [{ functionDeclarations: declarations }],
      thinkingConfig: { includeThoughts, thinkingBudget: 4096 },
    };
    const history: Content[] = [{ role: "user", parts: [{ text: "Go on" }] }];
    const texts: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const said = provider.said(round);
      started.answerWith(streams ? sse(provider.stream(said)) : json(200, provider.whole(said)));
      started.takeCalls();
      const request = { model: provider.model, contents: history, config };
      const answers: GenerateContentResponse[] = [];
      if (streams) for await (const chunk of await google.models.generateContentStream(request)) answers.push(chunk);
      else answers.push(await google.models.generateContent(request));

      const [call] = started.takeCalls();
      const sent = JSON.parse(call ? bodyText(call) : "{}") as JsonObject;
      const before = Array.from({ length: round - 1 }, (_, at) => expected(provider, at + 1));
      expect(provider.cameBack(sent)).toEqual(before);
      expect(bodyText(call as NonNullable<typeof call>)).not.toContain("gw1.");

      // As Google's own chat keeps them: each chunk is a content.
      const contents = answers.flatMap(({ candidates }) => candidates?.[0]?.content ?? []);
      const parts = contents.flatMap((content) => content.parts ?? []);
      expect(parts.some(({ thought }) => thought)).toBe(includeThoughts);
      texts.push(parts.map(({ text, thought }) => (thought ? "" : (text ?? ""))).join(""));
      const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
      expect(calls.length).toBe(isLast(round) ? 0 : 2);
      history.push(...contents, { role: "user", parts: calls.map(answerTo) });
    }
    expect(texts).toEqual(["round 1", "round 2", "round 3"]);
  });
});
