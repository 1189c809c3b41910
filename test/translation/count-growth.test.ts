import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { CannotTranslate } from "../../src/formats/form/dialect.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { TRANSLATED_APIS, type TranslatedApi, type Wire, WIRES } from "../../src/formats/wires.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

type Many = (count: number) => JsonObject;

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const SCHEMA = { type: "object", properties: {} };
const PICTURE = "data:image/png;base64,iVBORw0KGgo=";

const chat = (messages: readonly object[], more: object = {}): JsonObject => ({ model: "m", messages, ...more });
const user = { role: "user", content: "hi" };
const chatTool = (name: string) => ({ type: "function", function: { name, parameters: SCHEMA } });
const chatCall = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
const chatResult = (tool_call_id: string) => ({ role: "tool", tool_call_id, content: "r" });

const messages = (turns: readonly object[], more: object = {}): JsonObject => ({
  ...{ model: "m", max_tokens: 9, messages: turns },
  ...more,
});
const messagesTool = (name: string) => ({ name, input_schema: SCHEMA });
const use = (id: string) => ({ type: "tool_use", id, name: "f", input: {} });
const result = (tool_use_id: string) => ({ type: "tool_result", tool_use_id, content: "r" });

const responses = (input: readonly object[], more: object = {}): JsonObject => ({ model: "m", input, ...more });
const item = (role: string) => ({ type: "message", role, content: [{ type: "input_text", text: "hi" }] });
const functionCall = (call_id: string) => ({ type: "function_call", call_id, name: "f", arguments: "{}" });
const output = (call_id: string) => ({ type: "function_call_output", call_id, output: "r" });
const responsesTool = (name: string) => ({ type: "function", name, parameters: SCHEMA });

const generate = (contents: readonly object[], more: object = {}): JsonObject => ({ contents, ...more });
const content = (role: string, ...parts: readonly object[]) => ({ role, parts });
const googleCall = (id?: string) => ({ functionCall: { ...(id !== undefined && { id }), name: "f", args: {} } });
const googleResult = (id?: string) => ({
  functionResponse: { ...(id !== undefined && { id }), name: "f", response: { r: 1 } },
});

/** Requests with many of each thing that a request can have many of. */
const REQUESTS: Readonly<Record<TranslatedApi, Readonly<Record<string, Many>>>> = {
  chat: {
    turns: (count) => chat(many(count, (index) => (index % 2 ? { role: "assistant", content: "a" } : user))),
    "turns of one role": (count) => chat(many(count, () => user)),
    instructions: (count) => chat([...many(count, () => ({ role: "system", content: "s" })), user]),
    "instructions between": (count) =>
      chat(many(count, (index) => (index % 2 ? { role: "system", content: "s" } : user))),
    parts: (count) => chat([{ role: "user", content: many(count, () => ({ type: "text", text: "a" })) }]),
    pictures: (count) =>
      chat([{ role: "user", content: many(count, () => ({ type: "image_url", image_url: { url: PICTURE } })) }]),
    "tools, all allowed": (count) => {
      const tools = many(count, (index) => chatTool(`f${index}`));
      return chat([user], { tools, tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools } } });
    },
    "calls in one turn": (count) =>
      chat([
        user,
        { role: "assistant", content: null, tool_calls: many(count, (index) => chatCall(`c${index}`)) },
        ...many(count, (index) => chatResult(`c${index}`)),
      ]),
    "calls with one id": (count) =>
      chat([
        user,
        { role: "assistant", content: null, tool_calls: many(count, () => chatCall("c")) },
        ...many(count, () => chatResult("c")),
      ]),
    "calls, the last answered first": (count) =>
      chat([
        user,
        { role: "assistant", content: null, tool_calls: many(count, (index) => chatCall(`c${index}`)) },
        ...many(count, (index) => chatResult(`c${count - index}`)),
      ]),
    "steps of a loop": (count) =>
      chat([
        user,
        ...many(count, (index) => [
          { role: "assistant", content: null, tool_calls: [chatCall(`c${index}`)] },
          chatResult(`c${index}`),
        ]).flat(),
      ]),
    "results that nobody asked for": (count) => chat([user, ...many(count, (index) => chatResult(`c${index}`))]),
    "unknown members, then names": (count) =>
      chat(many(2 * count, (index) => (index < count ? { ...user, other: 1 } : { ...user, name: "bob" }))),
    stops: (count) => chat([user], { stop: many(count, (index) => `s${index}`) }),
  },
  messages: {
    turns: (count) => messages(many(count, (index) => ({ role: index % 2 ? "assistant" : "user", content: "a" }))),
    "turns of one role": (count) => messages(many(count, () => user)),
    instructions: (count) => messages([user], { system: many(count, () => ({ type: "text", text: "s" })) }),
    parts: (count) => messages([{ role: "user", content: many(count, () => ({ type: "text", text: "a" })) }]),
    "tools, one named": (count) =>
      messages([user], {
        tools: many(count, (index) => messagesTool(`f${index}`)),
        tool_choice: { type: "tool", name: `f${count - 1}` },
      }),
    "calls in one turn": (count) =>
      messages([
        user,
        { role: "assistant", content: many(count, (index) => use(`c${index}`)) },
        { role: "user", content: many(count, (index) => result(`c${index}`)) },
      ]),
    "calls with one id": (count) =>
      messages([
        user,
        { role: "assistant", content: many(count, () => use("c")) },
        { role: "user", content: many(count, () => result("c")) },
      ]),
    "steps of a loop": (count) =>
      messages([
        user,
        ...many(count, (index) => [
          { role: "assistant", content: [use(`c${index}`)] },
          { role: "user", content: [result(`c${index}`)] },
        ]).flat(),
      ]),
    stops: (count) => messages([user], { stop_sequences: many(count, (index) => `s${index}`) }),
  },
  responses: {
    turns: (count) => responses(many(count, () => item("user"))),
    instructions: (count) => responses([...many(count, () => item("developer")), item("user")]),
    "tools, all allowed": (count) => {
      const tools = many(count, (index) => responsesTool(`f${index}`));
      return responses([item("user")], { tools, tool_choice: { type: "allowed_tools", mode: "auto", tools } });
    },
    "calls, then their results": (count) =>
      responses([
        item("user"),
        ...many(count, (index) => functionCall(`c${index}`)),
        ...many(count, (index) => output(`c${index}`)),
      ]),
    "calls with one id": (count) =>
      responses([item("user"), ...many(count, () => functionCall("c")), ...many(count, () => output("c"))]),
    "steps of a loop": (count) =>
      responses([item("user"), ...many(count, (index) => [functionCall(`c${index}`), output(`c${index}`)]).flat()]),
    thoughts: (count) =>
      responses([
        item("user"),
        ...many(count, (index) => ({
          type: "reasoning",
          id: `rs_${index}`,
          summary: [{ type: "summary_text", text: "a" }],
        })),
        item("user"),
      ]),
  },
  generate: {
    turns: (count) => generate(many(count, (index) => content(index % 2 ? "model" : "user", { text: "a" }))),
    "turns of one role": (count) => generate(many(count, () => content("user", { text: "a" }))),
    parts: (count) => generate([content("user", ...many(count, () => ({ text: "a" })))]),
    "tools, all allowed": (count) => {
      const names = many(count, (index) => `f${index}`);
      return generate([content("user", { text: "a" })], {
        tools: [{ functionDeclarations: names.map((name) => ({ name, description: "d" })) }],
        toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: names } },
      });
    },
    "calls in one turn": (count) =>
      generate([
        content("user", { text: "a" }),
        content("model", ...many(count, (index) => googleCall(`c${index}`))),
        content("user", ...many(count, (index) => googleResult(`c${index}`))),
      ]),
    "calls without ids": (count) =>
      generate([
        content("user", { text: "a" }),
        content("model", ...many(count, () => googleCall())),
        content("user", ...many(count, () => googleResult())),
      ]),
    "steps of a loop": (count) =>
      generate([
        content("user", { text: "a" }),
        ...many(count, (index) => [
          content("model", googleCall(`c${index}`)),
          content("user", googleResult(`c${index}`)),
        ]).flat(),
      ]),
  },
};

/** One that nothing is known of, and those with ways of their own. */
const TARGETS = [
  ["p", "some-model"],
  ["openai", "gpt-5"],
  ["google", "gemini-2.5-flash"],
  ["anthropic", "claude-sonnet-4-5"],
].map(([provider = "", model = ""]) => ({ provider, model, facts: factsOf(model) }));

/** Many enough that what is done for each pair of them shows. */
const COUNT = 3000;

describe.each(TRANSLATED_APIS)("requests of %s with many of one thing take time by their number", (api) => {
  test.each(Object.keys(REQUESTS[api]))("%s", async (kind) => {
    const client = await DIALECTS[api]();
    const wires = await Promise.all(WIRES.map((wire) => DIALECTS[wire]()));
    const build = REQUESTS[api][kind];
    if (!build) throw new Error("no such kind");
    let written = 0;
    const make = (count: number) => {
      const body = build(count);
      return () => {
        const asked = client.readRequest(body);
        for (const wire of wires) {
          for (const target of TARGETS) {
            try {
              wire.writeRequest(asked, { ...target, tools: asked.tools });
              written += 1;
            } catch (error) {
              if (!(error instanceof CannotTranslate)) throw error;
            }
          }
        }
      };
    };
    expect(await cpuGrowth(COUNT, make)).toBeLessThan(LINEAR);
    expect(written).toBeGreaterThan(0);
  });
});

const choice = (message: object): JsonObject => ({
  choices: [{ message: { role: "assistant", ...message }, finish_reason: "stop" }],
});
const said = (content: readonly object[]): JsonObject => ({ role: "assistant", content, stop_reason: "end_turn" });
const candidate = (parts: readonly object[], more: object = {}): JsonObject => ({
  candidates: [{ content: { role: "model", parts }, finishReason: "STOP", ...more }],
});
const url = (index: number) => ({
  url: `https://e.com/${index}`,
  title: "t",
  start_index: index,
  end_index: index + 1,
});

/** Answers with many of each thing that an answer can have many of. */
const ANSWERS: Readonly<Record<Wire, Readonly<Record<string, Many>>>> = {
  chat: {
    calls: (count) => choice({ content: null, tool_calls: many(count, (index) => chatCall(`c${index}`)) }),
    "calls with one id": (count) => choice({ content: null, tool_calls: many(count, () => chatCall("c")) }),
    sources: (count) =>
      choice({
        content: "a".repeat(count),
        annotations: many(count, (index) => ({ type: "url_citation", url_citation: url(index) })),
      }),
  },
  messages: {
    texts: (count) => said(many(count, () => ({ type: "text", text: "a" }))),
    calls: (count) => said(many(count, (index) => use(`c${index}`))),
    sources: (count) => {
      const citations = many(count, (index) => ({
        ...{
          type: "web_search_result_location",
          url: `https://e/${index}`,
          title: "t",
          cited_text: "a",
          encrypted_index: "x",
        },
      }));
      return said([{ type: "text", text: "a", citations }]);
    },
  },
  responses: {
    texts: (count) => ({
      output: [
        { type: "message", role: "assistant", content: many(count, () => ({ type: "output_text", text: "a" })) },
      ],
    }),
    calls: (count) => ({ output: many(count, (index) => functionCall(`c${index}`)) }),
    sources: (count) => {
      const annotations = many(count, (index) => ({ type: "url_citation", ...url(index) }));
      const part = { type: "output_text", text: "a".repeat(count), annotations };
      return { output: [{ type: "message", role: "assistant", content: [part] }] };
    },
  },
  generate: {
    texts: (count) => candidate(many(count, (index) => ({ text: "a", thought: index % 2 === 1 }))),
    calls: (count) => candidate(many(count, () => googleCall())),
    "sources of many texts": (count) =>
      candidate(
        many(count, (index) => (index % 2 ? googleCall() : { text: "a" })),
        {
          groundingMetadata: {
            groundingChunks: many(count, (index) => ({ web: { uri: `https://e/${index}` } })),
            groundingSupports: many(count, (index) => ({
              ...{ segment: { startIndex: index, endIndex: index + 1, text: "b" }, groundingChunkIndices: [index] },
            })),
          },
        },
      ),
  },
  cohere: {
    calls: (count) => ({ message: { role: "assistant", tool_calls: many(count, (index) => chatCall(`c${index}`)) } }),
    sources: (count) => ({
      message: {
        role: "assistant",
        content: [{ type: "text", text: "a".repeat(count) }],
        citations: many(count, (start) => ({
          ...{ start, end: start + 1, text: "a" },
          sources: [{ type: "document", id: "d", document: { url: `https://e/${start}` } }],
        })),
      },
    }),
  },
  converse: {
    texts: (count) => ({ output: { message: { content: many(count, () => ({ text: "a" })) } } }),
    calls: (count) => ({
      output: {
        message: { content: many(count, (at) => ({ toolUse: { toolUseId: `c${at}`, name: "f", input: {} } })) },
      },
    }),
  },
};

describe.each(WIRES)("answers of %s with many of one thing take time by their number", (name) => {
  test.each(Object.keys(ANSWERS[name]))("%s", async (kind) => {
    const wire = await DIALECTS[name]();
    const build = ANSWERS[name][kind];
    if (!build) throw new Error("no such kind");
    const clients = await Promise.all(
      TRANSLATED_APIS.map(async (api) => {
        const client = await DIALECTS[api]();
        return { client, request: client.readRequest(REQUESTS[api]["turns"]?.(1) ?? {}) };
      }),
    );
    const ask = { model: "m", newId: () => "0123456789abcdefghijklmn", createdAt: 1 };
    const make = (count: number) => {
      const body = build(count);
      return () => {
        const answer = wire.readAnswer(body, { provider: "p", model: "m", facts: factsOf("m") });
        if ("error" in answer) throw new Error(answer.error.message);
        for (const { client, request } of clients) client.writeAnswer(answer, { ...ask, request });
      };
    };
    expect(await cpuGrowth(COUNT, make)).toBeLessThan(LINEAR);
  });
});
