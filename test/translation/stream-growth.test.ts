import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { TRANSLATED_APIS, WIRES, type Wire } from "../../src/formats/wires.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";
import { REQUESTS } from "./full-samples.ts";

type StreamEvent = readonly [name: string | undefined, data: JsonObject];

/** What a stream repeats: the number of the round, from 0, decides over what has to differ. */
type Round = (round: number) => readonly StreamEvent[];

const chat = (delta: object): readonly StreamEvent[] => [[undefined, { id: "c", choices: [{ index: 0, delta }] }]];
const called = (name: string, input: string) => ({ type: "function", function: { name, arguments: input } });
const citation = (round: number) => ({
  url: `https://e.com/${round}`,
  title: "t",
  start_index: round,
  end_index: round + 1,
});

const typed = (...events: readonly JsonObject[]): readonly StreamEvent[] =>
  events.map((event) => [String(event["type"]), event]);

const part = (parts: object, more: object = {}): readonly StreamEvent[] => [
  [undefined, { responseId: "r", candidates: [{ content: { role: "model", parts: [parts] }, ...more }] }],
];
const grounded = (round: number, startIndex: number, endIndex = startIndex + 4) => ({
  groundingMetadata: {
    groundingChunks: [{ web: { uri: `https://e.com/${round}`, title: "t" } }],
    groundingSupports: [{ segment: { startIndex, endIndex, text: "wör" }, groundingChunkIndices: [0] }],
  },
});

const converse = (...events: readonly StreamEvent[]) => events;
const deltaOf = (contentBlockIndex: number, delta: object): StreamEvent => [
  "contentBlockDelta",
  { contentBlockIndex, delta },
];
const stopOf = (contentBlockIndex: number): StreamEvent => ["contentBlockStop", { contentBlockIndex }];

/** What each wire can say over and over in one stream. */
const ROUNDS: Readonly<Record<Wire, Readonly<Record<string, Round>>>> = {
  chat: {
    texts: () => chat({ content: "a word < " }),
    thoughts: () => chat({ reasoning_content: "a word " }),
    "thoughts in texts": () => chat({ content: "<think>a</think>b " }),
    "texts with sources": (round) =>
      chat({ content: "word ", annotations: [{ type: "url_citation", url_citation: citation(round) }] }),
    calls: (round) => chat({ tool_calls: [{ index: round, id: `call_${round}`, ...called("look_up", '{"a":"b"}') }] }),
    "pieces of a call": (round) =>
      chat({
        tool_calls: [{ index: 0, ...(round === 0 && { id: "call_1" }), ...called(round ? "" : "look_up", '{"a') }],
      }),
    refusals: () => chat({ refusal: "no " }),
  },
  messages: {
    texts: (index) =>
      typed(
        { type: "content_block_start", index, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index, delta: { type: "text_delta", text: "word " } },
        { type: "content_block_stop", index },
      ),
    "pieces of a text, with sources": (round) =>
      typed(
        ...(round ? [] : [{ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }]),
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word " } },
        {
          type: "content_block_delta",
          index: 0,
          delta: {
            type: "citations_delta",
            citation: {
              type: "web_search_result_location",
              url: `https://e/${round}`,
              title: "t",
              cited_text: "word",
              encrypted_index: "x",
            },
          },
        },
      ),
    thoughts: (round) =>
      typed(
        ...(round
          ? []
          : [{ type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } }]),
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "word " } },
        { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
      ),
    calls: (index) =>
      typed(
        {
          type: "content_block_start",
          index,
          content_block: { type: "tool_use", id: `toolu_${index}`, name: "look_up", input: {} },
        },
        { type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
        { type: "content_block_stop", index },
      ),
    "pieces of a call": (round) =>
      typed(
        ...(round
          ? []
          : [
              {
                type: "content_block_start",
                index: 0,
                content_block: { type: "tool_use", id: "toolu_1", name: "look_up", input: {} },
              },
            ]),
        { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"a' } },
      ),
  },
  responses: {
    texts: (output_index) => {
      const item = { type: "message", id: `msg_${output_index}`, role: "assistant", content: [] };
      const at = { output_index, item_id: item.id, content_index: 0 };
      const said = { type: "output_text", text: "word ", annotations: [] };
      return typed(
        { type: "response.output_item.added", output_index, item },
        { type: "response.content_part.added", ...at, part: { ...said, text: "" } },
        { type: "response.output_text.delta", ...at, delta: "word " },
        { type: "response.output_text.done", ...at, text: "word " },
        { type: "response.content_part.done", ...at, part: said },
        { type: "response.output_item.done", output_index, item: { ...item, content: [said] } },
      );
    },
    "pieces of a text, with sources": (round) => {
      const at = { output_index: 0, item_id: "msg_1", content_index: 0 };
      const item = { type: "message", id: "msg_1", role: "assistant", content: [] };
      const annotation = { type: "url_citation", ...citation(round) };
      return typed(
        ...(round ? [] : [{ type: "response.output_item.added", output_index: 0, item }]),
        { type: "response.output_text.delta", ...at, delta: "word " },
        { type: "response.output_text.annotation.added", ...at, annotation_index: round, annotation },
      );
    },
    thoughts: (summary_index) => {
      const at = { output_index: 0, item_id: "rs_1", summary_index };
      const item = { type: "reasoning", id: "rs_1", summary: [] };
      return typed(
        ...(summary_index ? [] : [{ type: "response.output_item.added", output_index: 0, item }]),
        { type: "response.reasoning_summary_part.added", ...at, part: { type: "summary_text", text: "" } },
        { type: "response.reasoning_summary_text.delta", ...at, delta: "word " },
        { type: "response.reasoning_summary_text.done", ...at, text: "word " },
      );
    },
    calls: (output_index) => {
      const item = {
        type: "function_call",
        id: `fc_${output_index}`,
        call_id: `call_${output_index}`,
        name: "look_up",
      };
      const at = { output_index, item_id: item.id };
      return typed(
        { type: "response.output_item.added", output_index, item: { ...item, arguments: "" } },
        { type: "response.function_call_arguments.delta", ...at, delta: '{"a":1}' },
        { type: "response.function_call_arguments.done", ...at, arguments: '{"a":1}' },
        { type: "response.output_item.done", output_index, item: { ...item, arguments: '{"a":1}' } },
      );
    },
    "pieces of a call": (round) => {
      const item = { type: "function_call", id: "fc_1", call_id: "call_1", name: "look_up", arguments: "" };
      return typed(...(round ? [] : [{ type: "response.output_item.added", output_index: 0, item }]), {
        type: "response.function_call_arguments.delta",
        output_index: 0,
        item_id: "fc_1",
        delta: '{"a',
      });
    },
  },
  generate: {
    texts: () => part({ text: "word " }),
    "texts with sources": (round) => part({ text: "wörd " }, grounded(round, round * 6)),
    "texts with the sources of the first": () => part({ text: "wörd " }, grounded(0, 0)),
    "texts with a wrong quotation of all before": (round) => part({ text: "word " }, grounded(0, 0, round * 5)),
    "texts that are apart, with sources": (round) =>
      round % 2 ? part({ text: "wörd " }, grounded(round, 0)) : part({ functionCall: { name: "look_up", args: {} } }),
    thoughts: () => part({ text: "word ", thought: true, thoughtSignature: "c2ln" }),
    calls: (round) => part({ functionCall: { id: `c${round}`, name: "look_up", args: { a: 1 } } }),
  },
  cohere: {
    texts: (index) =>
      typed(
        { type: "content-start", index, delta: { message: { content: { type: "text", text: "" } } } },
        { type: "content-delta", index, delta: { message: { content: { text: "word " } } } },
        { type: "content-end", index },
      ),
    "pieces of a text, with sources": (round) =>
      typed(
        ...(round
          ? []
          : [{ type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } }]),
        { type: "content-delta", index: 0, delta: { message: { content: { text: "word " } } } },
        {
          type: "citation-start",
          index: round,
          delta: {
            message: {
              citations: {
                ...{ start: round * 5, end: round * 5 + 4, text: "word" },
                sources: [{ type: "document", id: "d", document: { title: "t", url: `https://e/${round}` } }],
              },
            },
          },
        },
      ),
    calls: (index) =>
      typed(
        {
          type: "tool-call-start",
          index,
          delta: { message: { tool_calls: { id: `c${index}`, ...called("look_up", "") } } },
        },
        { type: "tool-call-delta", index, delta: { message: { tool_calls: { function: { arguments: "{}" } } } } },
        { type: "tool-call-end", index },
      ),
  },
  converse: {
    texts: (round) => converse(deltaOf(round, { text: "word " }), stopOf(round)),
    "pieces of a text": () => converse(deltaOf(0, { text: "word " })),
    thoughts: (round) =>
      converse(
        deltaOf(round, { reasoningContent: { text: "word " } }),
        deltaOf(round, { reasoningContent: { signature: "c2ln" } }),
        stopOf(round),
      ),
    calls: (round) =>
      converse(
        [
          "contentBlockStart",
          { contentBlockIndex: round, start: { toolUse: { toolUseId: `t${round}`, name: "look_up" } } },
        ],
        deltaOf(round, { toolUse: { input: "{}" } }),
        stopOf(round),
      ),
  },
};

/** Many enough that what is done for each pair of them shows. */
const ROUNDS_OF_THE_SMALL_ONE = 3000;

const facts = factsOf("some-model");

describe.each(WIRES)("streams of %s take time by their length", (name) => {
  test.each(Object.keys(ROUNDS[name]))("%s", async (kind) => {
    const wire = await DIALECTS[name]();
    const clients = await Promise.all(
      TRANSLATED_APIS.map(async (api) => {
        const client = await DIALECTS[api]();
        return { client, request: client.readRequest(REQUESTS[api]) };
      }),
    );
    const roundOf = ROUNDS[name][kind];
    if (!roundOf) throw new Error("no such kind");
    let failed: unknown;
    const make = (rounds: number) => {
      const events = Array.from({ length: rounds }, (_, round) => roundOf(round))
        .flat()
        .map(([event, data]) => ({ name: event, data: JSON.stringify(data) }));
      return () => {
        const reader = wire.readStream({ provider: "p", model: "m", facts });
        const ask = { model: "m", newId: () => "0123456789abcdefghijklmn", createdAt: 1 };
        const writers = clients.map(({ client, request }) => client.writeStream({ ...ask, request }));
        for (const event of events) {
          for (const read of reader.read(event)) {
            if (read.type === "fail") failed = read.error;
            for (const writer of writers) writer.write(read);
          }
        }
        for (const read of reader.end()) for (const writer of writers) writer.write(read);
        for (const writer of writers) writer.end();
      };
    };
    expect(await cpuGrowth(ROUNDS_OF_THE_SMALL_ONE, make)).toBeLessThan(LINEAR);
    expect(failed).toBeUndefined();
  });
});
