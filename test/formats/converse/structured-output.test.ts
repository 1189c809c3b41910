import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { CONVERSE_DIALECT } from "../../../src/formats/converse/dialect.ts";
import type { Conversation, Tool } from "../../../src/formats/form/conversation.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { ANSWER_TOOL } from "../../../src/formats/form/forced-answer.ts";
import { readAll } from "../messages/collect.ts";
import { conversation, target } from "../messages/conversations.ts";

const SCHEMA = { type: "object", properties: { a: { type: "integer", minimum: 1 } }, required: ["a"] };
const JSON_ONLY: Partial<Conversation> = { output: { kind: "json" } };
const BY_SCHEMA: Partial<Conversation> = {
  output: { kind: "schema", name: "sum", description: "The sum", schema: SCHEMA, strict: true },
};
const LOOK: Tool = {
  ...{ kind: "function", name: "look", description: "Looks", cache: undefined, strict: undefined },
  parameters: { type: "object", properties: {} },
};
const OLD = target("us.anthropic.claude-sonnet-4-20250514-v1:0", "bedrock");
const NEW = target("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock");
const NOVA = target("us.amazon.nova-pro-v1:0", "bedrock");
const OSS = target("openai.gpt-oss-120b-1:0", "bedrock");

const write = (members: Partial<Conversation>, to = OLD) => {
  const { body, notes } = CONVERSE_DIALECT.writeRequest(conversation(members), to);
  return { body, notes: notes.map(({ kind, member }) => `${kind} ${member}`) };
};

const forced = (schema: JsonObject) => ({
  tools: [
    {
      toolSpec: {
        name: ANSWER_TOOL,
        description: expect.stringContaining("answer"),
        inputSchema: { json: schema },
      },
    },
  ],
  toolChoice: { tool: { name: ANSWER_TOOL } },
});

describe("JSON where the model has no schema of its output", () => {
  test("is what it calls a tool with", () => {
    for (const to of [OLD, NOVA, target("us.amazon.nova-2-lite-v1:0", "bedrock")]) {
      const { body, notes } = write(BY_SCHEMA, to);
      expect(body["toolConfig"]).toEqual(forced(SCHEMA));
      expect(JSON.stringify(body["toolConfig"])).toContain("The sum");
      expect(body).not.toContainKey("outputConfig");
      expect(notes).toEqual(["adjusted response_format"]);
    }
  });

  test("is so without a schema as well, with any model", () => {
    for (const to of [OLD, NEW, NOVA, OSS, target("anthropic.claude-opus-4-8", "bedrock")]) {
      const { body, notes } = write(JSON_ONLY, to);
      expect(body["toolConfig"]).toEqual(forced({ type: "object" }));
      expect(notes).toEqual(["adjusted response_format"]);
    }
    expect(write(BY_SCHEMA, NEW).body).not.toContainKey("toolConfig");
  });

  test("is refused without a schema by models that always think, as they may not be made to call a tool", () => {
    const mythos = target("anthropic.claude-mythos-1", "bedrock");
    expect(() => write(JSON_ONLY, mythos)).toThrow(CannotTranslate);
    expect(write(BY_SCHEMA, mythos).body).toMatchObject({ outputConfig: { textFormat: {} } });
  });

  test("excludes thinking, which is told", () => {
    const reasoning = { effort: "high", budget: undefined, isAdaptive: false, isShown: undefined } as const;
    const { body, notes } = write({ ...BY_SCHEMA, reasoning });
    expect(body).not.toContainKey("additionalModelRequestFields");
    expect(notes).toEqual(["adjusted response_format", "adjusted thinking"]);
  });

  test("leaves the model its other tools until it answers", () => {
    const chosen = (toolChoice: Conversation["toolChoice"]): unknown => {
      const config = write({ ...BY_SCHEMA, tools: [LOOK], toolChoice }).body["toolConfig"] as {
        tools: { toolSpec: { name: string } }[];
        toolChoice: object;
      };
      return [config.tools.map(({ toolSpec }) => toolSpec.name), config.toolChoice];
    };
    expect(chosen(undefined)).toEqual([["look", ANSWER_TOOL], { any: {} }]);
    expect(chosen({ kind: "allowed", mode: "auto", names: ["look"] })).toEqual([["look", ANSWER_TOOL], { any: {} }]);
    expect(chosen({ kind: "none" })).toEqual([["look", ANSWER_TOOL], { tool: { name: ANSWER_TOOL } }]);
    // It is to call one of these, not to answer.
    expect(chosen({ kind: "required" })).toEqual([["look"], { any: {} }]);
    expect(chosen({ kind: "named", name: "look" })).toEqual([["look"], { tool: { name: "look" } }]);
  });

  test("leaves earlier calls what they are if no tool may be called", () => {
    const { body, notes } = write({
      ...BY_SCHEMA,
      tools: [LOOK],
      toolChoice: { kind: "none" },
      turns: [
        { role: "user", blocks: [{ type: "text", text: "Hi" }] },
        { role: "assistant", blocks: [{ type: "call", id: "a", name: "look", input: "{}", kind: "function" }] },
        { role: "tool", blocks: [{ type: "result", callId: "a", blocks: [], isError: false, kind: "function" }] },
      ],
    });
    expect(body["messages"]).toMatchObject([{}, { content: [{ toolUse: {} }] }, { content: [{ toolResult: {} }] }]);
    expect(notes).toEqual(["adjusted response_format"]);
  });

  test("must be an object", () => {
    const output = { ...BY_SCHEMA.output, schema: { type: "array" } } as Conversation["output"];
    expect(() => write({ output })).toThrow(CannotTranslate);
  });
});

/** An answer in both of its shapes, read. */
const readBoth = (calls: readonly (readonly [name: string, input: string])[], tools: readonly Tool[] = []) => {
  const content = calls.map(([name, input]) => ({ toolUse: { toolUseId: name, name, input: JSON.parse(input) } }));
  const answer = CONVERSE_DIALECT.readAnswer(
    { output: { message: { role: "assistant", content } }, stopReason: "tool_use" },
    { ...OLD, tools },
  );
  const event = (name: string, data: object) => ({ name, data: JSON.stringify(data) });
  const events = readAll(CONVERSE_DIALECT.readStream({ ...OLD, tools }), [
    ...calls.flatMap(([name, input], contentBlockIndex) => [
      event("contentBlockStart", { contentBlockIndex, start: { toolUse: { toolUseId: name, name } } }),
      ...(input === "{}" ? [] : (input.match(/.{1,5}/g) ?? [])).map((piece) =>
        event("contentBlockDelta", { contentBlockIndex, delta: { toolUse: { input: piece } } }),
      ),
      event("contentBlockStop", { contentBlockIndex }),
    ]),
    event("messageStop", { stopReason: "tool_use" }),
    event("metadata", {}),
  ]);
  return { answer, events: events.filter(({ type }) => type !== "start") };
};

describe("an answer that is the call of a tool", () => {
  test("is text, and comes in pieces of it", () => {
    const { answer, events } = readBoth([[ANSWER_TOOL, '{"a":1,"b":["x"]}']]);
    expect(answer).toMatchObject({ blocks: [{ type: "text", text: '{"a":1,"b":["x"]}' }], stop: { reason: "end" } });
    expect(events).toEqual([
      { type: "open", block: 0, opened: { type: "text", isRefusal: false } },
      ...['{"a":', '1,"b"', ':["x"', "]}"].map((text) => ({ type: "piece" as const, block: 0, text })),
      { type: "close", block: 0 },
      { type: "stop", stop: { reason: "end" } },
    ]);
  });

  test("is an empty object if it has no arguments", () => {
    const { answer, events } = readBoth([[ANSWER_TOOL, "{}"]]);
    expect(answer).toMatchObject({ blocks: [{ type: "text", text: "{}" }] });
    expect(events).toContainEqual({ type: "piece", block: 0, text: "{}" });
  });

  test("beside calls of the client's tools ends with these", () => {
    const { answer, events } = readBoth([
      [ANSWER_TOOL, '{"a":1}'],
      ["look", "{}"],
    ]);
    expect(answer).toMatchObject({ blocks: [{ type: "text" }, { type: "call" }], stop: { reason: "tool" } });
    expect(events).toContainEqual({ type: "stop", stop: { reason: "tool" } });
  });

  test("is none if the client has a tool of that name", () => {
    const tools: Tool[] = [{ ...LOOK, name: ANSWER_TOOL }];
    const { answer, events } = readBoth([[ANSWER_TOOL, "{}"]], tools);
    expect(answer).toMatchObject({ blocks: [{ type: "call" }], stop: { reason: "tool" } });
    expect(events).toContainEqual({ type: "stop", stop: { reason: "tool" } });
    const { body } = write({ ...JSON_ONLY, tools });
    expect(JSON.stringify(body["toolConfig"])).toContain(`"${ANSWER_TOOL}_"`);
    expect(readBoth([[`${ANSWER_TOOL}_`, "{}"]], tools).answer).toMatchObject({ blocks: [{ type: "text" }] });
  });
});
