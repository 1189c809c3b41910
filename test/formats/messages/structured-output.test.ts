import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { isJsonObject } from "../../../src/core/json/parse.ts";
import type { Conversation, Tool } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { ANSWER_TOOL } from "../../../src/formats/form/forced-answer.ts";
import { MESSAGES_DIALECT } from "../../../src/formats/messages/dialect.ts";
import { conversation, target } from "./conversations.ts";

const SCHEMA = { type: "object", properties: { a: { type: "integer", minimum: 1 } }, required: ["a"] };
const JSON_ONLY: Partial<Conversation> = { output: { kind: "json" } };
const BY_SCHEMA: Partial<Conversation> = {
  output: { kind: "schema", name: "sum", description: "The sum", schema: SCHEMA, strict: true },
};
const LOOK: Tool = {
  ...{ kind: "function", name: "look", description: "Looks", cache: undefined, strict: undefined },
  parameters: { type: "object", properties: {} },
};
const OLD = target("claude-sonnet-4-0");
const NEW = target("claude-sonnet-4-5");

const write = (members: Partial<Conversation>, to = OLD) => {
  const { body, notes } = MESSAGES_DIALECT.writeRequest(conversation(members), to);
  return { ...body, notes: notes.map(({ kind, member }) => `${kind} ${member}`) } as JsonObject;
};

const answerTool = (schema: JsonObject) => ({
  name: ANSWER_TOOL,
  description: expect.stringContaining("answer"),
  input_schema: schema,
});

const streamOf = (events: readonly JsonObject[], tools: readonly Tool[] = []) => {
  const reader = MESSAGES_DIALECT.readStream({ ...OLD, tools });
  return [...events.flatMap((event) => reader.read({ name: undefined, data: JSON.stringify(event) })), ...reader.end()];
};

describe("JSON where the model has no schema of its output", () => {
  test("is what it calls a tool with", () => {
    expect(write(BY_SCHEMA)).toMatchObject({
      tools: [answerTool(SCHEMA)],
      tool_choice: { type: "tool", name: ANSWER_TOOL, disable_parallel_tool_use: true },
      notes: ["adjusted response_format"],
    });
    expect(write(BY_SCHEMA)).not.toContainKey("output_config");
    expect(JSON.stringify(write(BY_SCHEMA)["tools"])).toContain("The sum");
  });

  test("is so without a schema as well, with any model, and with models of others on this wire", () => {
    for (const to of [OLD, NEW, target("claude-opus-4-8"), target("glm-4.6", "zai")]) {
      expect(write(JSON_ONLY, to)).toMatchObject({ tools: [answerTool({ type: "object" })] });
    }
    expect(write(BY_SCHEMA, target("glm-4.6", "zai"))).toMatchObject({ tools: [answerTool(SCHEMA)] });
  });

  test("is refused without a schema by models that always think, as they may not be made to call a tool", () => {
    expect(() => write(JSON_ONLY, target("claude-mythos-1"))).toThrow(CannotTranslate);
    expect(write(BY_SCHEMA, target("claude-mythos-1"))).toMatchObject({ output_config: { format: {} } });
  });

  test("excludes thinking, which is told", () => {
    const reasoning = { effort: "high", budget: undefined, isAdaptive: false, isShown: undefined } as const;
    const written = write({ ...BY_SCHEMA, reasoning });
    expect(written).not.toContainKey("thinking");
    expect(written["notes"]).toEqual(["adjusted response_format", "adjusted thinking"]);
  });

  test("leaves the model its other tools until it answers", () => {
    const chosen = (toolChoice: Conversation["toolChoice"], parallelCalls?: boolean): unknown => {
      const { tools, tool_choice } = write({ ...BY_SCHEMA, tools: [LOOK], toolChoice, parallelCalls });
      return [(tools as JsonObject[]).map(({ name }) => name), tool_choice];
    };
    expect(chosen(undefined)).toEqual([["look", ANSWER_TOOL], { type: "any" }]);
    expect(chosen({ kind: "auto" }, false)).toEqual([
      ["look", ANSWER_TOOL],
      { type: "any", disable_parallel_tool_use: true },
    ]);
    expect(chosen({ kind: "allowed", mode: "auto", names: ["look"] })).toEqual([
      ["look", ANSWER_TOOL],
      { type: "any" },
    ]);
    expect(chosen({ kind: "none" })).toEqual([
      ["look", ANSWER_TOOL],
      { type: "tool", name: ANSWER_TOOL, disable_parallel_tool_use: true },
    ]);
    // It is to call one of these, not to answer.
    expect(chosen({ kind: "required" })).toEqual([["look"], { type: "any" }]);
    expect(chosen({ kind: "named", name: "look" })).toEqual([["look"], { type: "tool", name: "look" }]);
  });

  test("must be an object", () => {
    const output = {
      kind: "schema",
      name: "n",
      description: undefined,
      schema: { type: "array" },
      strict: true,
    } as const;
    expect(() => write({ output })).toThrow(CannotTranslate);
    expect(write({ output: { ...output, schema: { properties: {} } } })).toMatchObject({
      tools: [answerTool({ type: "object", properties: {} })],
    });
  });

  test("a client's own tool of that name stays its own", () => {
    const tools: Tool[] = [{ ...LOOK, name: ANSWER_TOOL }];
    const { tools: written } = write({ ...BY_SCHEMA, tools });
    const [own, made] = (written as JsonObject[]).map(({ name }) => String(name));
    expect(own).toBe(ANSWER_TOOL);
    expect(made).not.toBe(ANSWER_TOOL);
    const call = (name: unknown): JsonObject => ({ type: "tool_use", id: "t", name, input: {} });
    const read = (name: unknown): unknown =>
      MESSAGES_DIALECT.readAnswer({ content: [call(name)], stop_reason: "tool_use" }, { ...OLD, tools });
    expect(read(own)).toMatchObject({ blocks: [{ type: "call" }] });
    expect(read(made)).toMatchObject({ blocks: [{ type: "text", text: "{}" }], stop: { reason: "end" } });
  });
});

describe("an answer that is the call of a tool", () => {
  const used = { type: "tool_use", id: "toolu_1", name: ANSWER_TOOL, input: { a: 1, b: ["x"] } };

  test("is text", () => {
    const read = MESSAGES_DIALECT.readAnswer({ content: [used], stop_reason: "tool_use" }, OLD);
    expect(read).toMatchObject({ blocks: [{ type: "text", text: '{"a":1,"b":["x"]}' }], stop: { reason: "end" } });
    const cut = MESSAGES_DIALECT.readAnswer({ content: [used], stop_reason: "max_tokens" }, OLD);
    expect(cut).toMatchObject({ stop: { reason: "length" } });
  });

  test("beside calls of the client's tools ends with these", () => {
    const look = { type: "tool_use", id: "toolu_2", name: "look", input: {} };
    const read = MESSAGES_DIALECT.readAnswer({ content: [used, look], stop_reason: "tool_use" }, OLD);
    expect(read).toMatchObject({
      blocks: [{ type: "text" }, { type: "call", name: "look" }],
      stop: { reason: "tool" },
    });
  });

  test("comes in pieces of text, as they come", () => {
    const pieces = ["", '{"a"', ': 1, "b":', ' ["x"]}'];
    const events = streamOf([
      { type: "message_start", message: { id: "m", usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { ...used, input: {} } },
      ...pieces.map((partial_json) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json },
      })),
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
      { type: "message_stop" },
    ]);
    expect(events.filter(({ type }) => type !== "usage" && type !== "start")).toEqual([
      { type: "open", block: 0, opened: { type: "text", isRefusal: false } },
      ...pieces.slice(1).map((text) => ({ type: "piece" as const, block: 0, text })),
      { type: "close", block: 0 },
      { type: "stop", stop: { reason: "end" } },
    ]);
  });

  test("is an empty object if there are no pieces", () => {
    const events = streamOf([
      { type: "message_start", message: { id: "m" } },
      { type: "content_block_start", index: 0, content_block: { ...used, input: {} } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" } },
      { type: "message_stop" },
    ]);
    expect(events).toContainEqual({ type: "piece", block: 0, text: "{}" });
  });
});

test("names that are too long are others on the way", () => {
  for (const name of ["n".repeat(140), "é.".repeat(40), "_x41_".repeat(30)]) {
    const tools: Tool[] = [{ ...LOOK, name }];
    const sent = (write({ tools })["tools"] as [{ name: string }])[0].name;
    expect(sent).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
    const call = { type: "tool_use", id: "t", name: sent, input: {} };
    const answer = { content: [call], stop_reason: "tool_use" };
    expect(MESSAGES_DIALECT.readAnswer(answer, { ...OLD, tools })).toMatchObject({ blocks: [{ type: "call", name }] });
    const events = streamOf([{ type: "content_block_start", index: 0, content_block: call }], tools);
    expect(events).toContainEqual(
      expect.objectContaining({ opened: { type: "call", id: "t", name, kind: "function" } }),
    );
  }
});

describe("a schema for a model that knows some", () => {
  const written = (schema: JsonObject): unknown => {
    const { output_config, notes } = write(
      { output: { kind: "schema", name: "n", description: undefined, schema, strict: true } },
      NEW,
    );
    const format = isJsonObject(output_config) ? output_config["format"] : undefined;
    return [isJsonObject(format) ? format["schema"] : undefined, notes];
  };

  test("says in words what it would refuse", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        minimum: { type: "integer", description: "How many", minimum: 1, maximum: 9 },
        words: { type: "array", items: { type: "string", minLength: 2, format: "byte" }, minItems: 2, maxItems: 3 },
        when: { oneOf: [{ type: "string", format: "date" }, { type: "null" }] },
      },
      required: ["minimum"],
      additionalProperties: false,
    };
    expect(written(schema)).toEqual([
      {
        type: "object",
        properties: {
          minimum: { type: "integer", description: "How many\n\n{minimum: 1, maximum: 9}" },
          words: {
            type: "array",
            items: { type: "string", description: '{minLength: 2, format: "byte"}' },
            description: "{minItems: 2, maxItems: 3}",
          },
          when: { anyOf: [{ type: "string", format: "date" }, { type: "null" }] },
        },
        required: ["minimum"],
        additionalProperties: false,
      },
      ["adjusted response_format"],
    ]);
  });

  test("stays as it is if it would not", () => {
    const schema = {
      type: "object",
      title: "T",
      properties: { a: { type: "array", items: { $ref: "#/$defs/b" }, minItems: 1 }, b: { enum: ["x"], default: "x" } },
      $defs: { b: { type: ["string", "null"], pattern: "^x" } },
      additionalProperties: false,
    };
    expect(written(schema)).toEqual([schema, []]);
  });

  test("of a strict tool as well", () => {
    const parameters = { type: "object", properties: { a: { type: "number", minimum: 0 } }, required: ["a"] };
    const { tools, notes } = write({ tools: [{ ...LOOK, parameters, strict: true }] }, NEW);
    expect(tools).toMatchObject([
      {
        strict: true,
        input_schema: { properties: { a: { type: "number", description: "{minimum: 0}" } } },
      },
    ]);
    expect(notes).toEqual(["adjusted tools[].parameters"]);
    const { tools: loose } = write({ tools: [{ ...LOOK, parameters }] }, NEW);
    expect(loose).toMatchObject([{ input_schema: parameters }]);
  });
});
