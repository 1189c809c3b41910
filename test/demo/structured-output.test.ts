import { expect, test } from "bun:test";
import { post, readCompletion, startForTests, WEATHER_TOOL } from "./demo-client.ts";

const provider = startForTests();

/** As Pydantic and Zod write it: members of their own by reference, what may be missing as a choice with null. */
const SCHEMA = {
  type: "object",
  properties: {
    title: { type: "string" },
    seats: { type: "integer" },
    day: { type: "string", format: "date" },
    kind: { type: "string", enum: ["talk", "party"] },
    note: { anyOf: [{ type: "string" }, { type: "null" }] },
    size: { type: ["number", "null"] },
    place: { $ref: "#/$defs/Place" },
    tags: { type: "array", items: { type: "string" }, minItems: 2 },
    isOpen: { type: "boolean" },
    version: { const: 3 },
  },
  required: ["title", "seats", "day", "kind", "note", "size", "place", "tags", "isOpen", "version"],
  $defs: {
    Place: {
      type: "object",
      properties: { city: { type: "string" }, within: { anyOf: [{ $ref: "#/$defs/Place" }, { type: "null" }] } },
      required: ["city", "within"],
    },
  },
} as const;
const SAID = "A party for 12 people in Berlin";
const FILLED = {
  title: SAID,
  seats: 12,
  day: "2025-01-01",
  kind: "party",
  note: null,
  size: null,
  place: { city: "Berlin", within: null },
  tags: [SAID, SAID],
  isOpen: false,
  version: 3,
};
const CHAT = { model: "demo-chat", messages: [{ role: "user", content: SAID }] } as const;
const FORMAT = { type: "json_schema", json_schema: { name: "event", schema: SCHEMA, strict: true } } as const;
const chat = async (body: object): Promise<unknown> =>
  JSON.parse((await readCompletion(await post(provider, "/chat/completions", { ...CHAT, ...body }))).content);

test("an answer fits the schema that a client of any API gives", async () => {
  expect(await chat({ response_format: FORMAT })).toEqual(FILLED);

  const format = { type: "json_schema", name: "event", schema: SCHEMA, strict: true };
  const response = await post(provider, "/responses", { model: "demo-chat", input: SAID, text: { format } });
  const { output } = (await response.json()) as { output: { content: { text: string }[] }[] };
  expect(JSON.parse(output[0]?.content[0]?.text ?? "")).toEqual(FILLED);

  const config = { output_config: { format: { type: "json_schema", schema: SCHEMA } } };
  const message = await post(provider, "/messages", { ...CHAT, max_tokens: 500, ...config });
  const { content } = (await message.json()) as { content: { text: string }[] };
  expect(JSON.parse(content[0]?.text ?? "")).toEqual(FILLED);
});

test("what is said after a tool fits it too, and the tool comes first", async () => {
  const messages = [{ role: "user", content: "What is the weather in Paris?" }];
  const asked = { ...CHAT, messages, tools: [WEATHER_TOOL], response_format: FORMAT };
  const called = await readCompletion(await post(provider, "/chat/completions", asked));
  const [call] = called.message.tool_calls ?? [];
  const result = { role: "tool", tool_call_id: call?.id, content: "sunny" };
  const answered = await chat({ ...asked, messages: [...messages, called.message, result] });
  expect(answered).toMatchObject({ kind: "talk", place: { city: "Paris" } });
});

test("without a schema it is some JSON object", async () => {
  expect(await chat({ response_format: { type: "json_object" } })).toEqual({
    answer: expect.stringContaining("demo provider"),
  });
});

test("a schema that never ends, or that points nowhere, is answered", async () => {
  const node = { type: "object", properties: { a: { $ref: "#" }, b: { $ref: "#" } }, required: ["a", "b"] };
  const looped = { $ref: "#/$defs/x", $defs: { x: { $ref: "#/$defs/x" } } };
  for (const schema of [node, looped, { $ref: "#/nothing" }, { $ref: "https://elsewhere.example" }, {}]) {
    const format = { type: "json_schema", json_schema: { name: "x", schema } };
    expect(await chat({ response_format: format })).toBeDefined();
  }
});
