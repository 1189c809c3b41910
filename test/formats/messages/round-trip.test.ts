import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MESSAGES_DIALECT } from "../../../src/formats/messages/dialect.ts";
import { fromWireName, toWireId, toWireName } from "../../../src/formats/messages/tool-names.ts";
import { target } from "./conversations.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

/** Members that may be absent. */
const optional = <Value extends object>(members: { [Name in keyof Value]: fc.Arbitrary<Value[Name]> }) =>
  fc.record<Value, never>(members, { requiredKeys: [] });

const said = fc.string({ unit: "grapheme", minLength: 1 }).map((text) => `${text}.`);
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,40}$/);
/** Names that look like escaped ones are escaped themselves. */
const name = id.filter((text) => !/_x[0-9a-f]+_/.test(text));
const cache = optional({
  cache_control: fc.constantFrom<object>({ type: "ephemeral" }, { type: "ephemeral", ttl: "1h" }),
});
const object = fc.dictionary(
  fc.string().filter((name) => name !== "__proto__"),
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
);

const text = fc.record({ type: fc.constant("text"), text: said });
const image = fc.record({
  type: fc.constant("image"),
  source: fc.constantFrom<object>(
    { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
    { type: "url", url: "https://example.com/a.png" },
  ),
});
const document = fc.record({
  type: fc.constant("document"),
  source: fc.constantFrom<object>(
    { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" },
    { type: "text", media_type: "text/plain", data: "plain" },
    { type: "url", url: "https://example.com/a.pdf" },
  ),
  title: said,
});

/** A block with a cache mark is never alone in a test: the wire takes four at most. */
const marked = (block: fc.Arbitrary<object>) => fc.tuple(block, cache).map(([one, mark]) => ({ ...one, ...mark }));

/** As the writer spells content: one plain text is a string. */
const compact = (blocks: readonly object[]): unknown => {
  const [first] = blocks;
  const isPlain = blocks.length === 1 && first && "text" in first && Object.keys(first).length === 2;
  return isPlain ? first.text : blocks;
};

const thought = fc.oneof(
  fc.record({ type: fc.constant("thinking"), thinking: fc.string(), signature: id }),
  fc.record({ type: fc.constant("redacted_thinking"), data: id }),
);
const call = fc.record({ type: fc.constant("tool_use"), id, name, input: object });
const trace = fc.constant({ type: "server_tool_use", id: "s", name: "web_search", input: {} });

/** What the assistant says with the answer to it: results of all its calls, in their order, and what the user says. */
const exchange = fc
  .record({
    thoughts: fc.array(thought, { maxLength: 2 }),
    said: fc.array(fc.oneof(text, trace), { minLength: 1, maxLength: 3 }),
    calls: fc.uniqueArray(call, { selector: ({ id }) => id, maxLength: 3 }),
    content: fc.array(fc.oneof(text, image), { maxLength: 2 }),
    isError: fc.boolean(),
    asked: fc.array(marked(fc.oneof(text, image, document)), { minLength: 1, maxLength: 1 }),
  })
  .map(({ thoughts, said, calls, content, isError, asked }) => {
    const results = calls.map(({ id }) => ({
      type: "tool_result",
      tool_use_id: id,
      ...(content.length > 0 && { content: compact(content) }),
      // What failed may hold only text.
      ...(isError && content.length > 0 && content.every(({ type }) => type === "text") && { is_error: true }),
    }));
    return [
      { role: "assistant", content: compact([...thoughts, ...said, ...calls]) },
      { role: "user", content: compact([...results, ...asked]) },
    ];
  });

const tool = fc
  .tuple(
    fc.record({ name, input_schema: object.map((schema) => ({ type: "object", ...schema })) }),
    optional({ description: fc.string(), strict: fc.constant(true) }),
  )
  // What a strict tool takes is said in words that the provider knows.
  .map(([tool, more]) => ({ ...tool, ...more, ...("strict" in more && { input_schema: { type: "object" } }) }));

const choice = fc.constantFrom<object>(
  { type: "auto" },
  { type: "none" },
  { type: "any" },
  { type: "tool", name: "f" },
  { type: "auto", disable_parallel_tool_use: true },
);
const tools = fc.oneof(
  fc.constant({}),
  fc.record({ tools: fc.array(tool, { minLength: 1, maxLength: 3 }) }),
  fc.record({ tools: fc.array(tool, { minLength: 1, maxLength: 3 }), tool_choice: choice }),
);

const settings = optional({
  system: fc.array(text, { minLength: 1, maxLength: 2 }).map(compact),
  stop_sequences: fc.array(said, { minLength: 1, maxLength: 3 }),
  metadata: fc.record({ user_id: fc.string() }),
  service_tier: fc.constantFrom("auto", "standard_only"),
  stream: fc.constant(true),
});

const body = fc
  .tuple(
    fc.array(text, { minLength: 1, maxLength: 3 }).map(compact),
    fc.array(exchange, { maxLength: 3 }),
    tools,
    settings,
  )
  .map(([content, exchanges, offered, rest]) => ({
    max_tokens: 8000,
    messages: [{ role: "user", content }, ...exchanges.flat()],
    ...offered,
    ...rest,
  }));

/** Settings that belong to some models, and are all that the writer gives back for them. */
const BY_MODEL: Readonly<Record<string, readonly object[]>> = {
  "claude-3-5-haiku-latest": [{}, { temperature: 0.5, top_p: 0.3, top_k: 5 }],
  "claude-sonnet-4-5": [
    { temperature: 0.5, top_k: 5 },
    { thinking: { type: "enabled", budget_tokens: 2000 } },
    { thinking: { type: "enabled", budget_tokens: 1024, display: "summarized" }, top_p: 0.96 },
    { output_config: { format: { type: "json_schema", schema: { type: "object", additionalProperties: false } } } },
  ],
  "claude-opus-4-5": [{ thinking: { type: "enabled", budget_tokens: 2000 }, output_config: { effort: "low" } }],
  "claude-sonnet-4-6": [{ thinking: { type: "adaptive" }, output_config: { effort: "max" } }],
  "claude-opus-4-8": [
    { thinking: { type: "adaptive", display: "omitted" }, output_config: { effort: "xhigh" } },
    { thinking: { type: "disabled" } },
    { output_config: { format: { type: "json_schema", schema: { type: "object", additionalProperties: false } } } },
  ],
};

const modelled = fc.constantFrom(
  ...Object.entries(BY_MODEL).flatMap(([model, all]) => all.map((members) => [model, members] as const)),
);

/** What the model must do, so that it may not think, or cannot: see the writer. */
const isForced = (sent: object): boolean =>
  /"(?:any|tool)"/.test(JSON.stringify("tool_choice" in sent ? sent.tool_choice : ""));

/** With a budget, calls come back behind the thought that led to them. */
const thinksBeforeCalls = (messages: readonly { readonly role: string; readonly content: unknown }[]): boolean =>
  messages.every(({ role, content }) => {
    const types = Array.isArray(content) ? content.map(({ type }: { readonly type: string }) => type) : [];
    return role !== "assistant" || !types.includes("tool_use") || /thinking/.test(types[0] ?? "");
  });

/** Calls that have the id of another get one of their own. */
const hasIdsOfItsOwn = (messages: readonly object[]): boolean => {
  const ids = [...JSON.stringify(messages).matchAll(/"type":"tool_use","id":("[^"]*")/g)].map(([, id]) => id);
  return new Set(ids).size === ids.length;
};

describe("a request of a client for a provider of the same wire", () => {
  test("is what it was", () => {
    fc.assert(
      fc.property(body, modelled, (sent, [model, members]) => {
        fc.pre(hasIdsOfItsOwn(sent.messages));
        fc.pre(!("thinking" in members && isForced(sent)));
        fc.pre(!JSON.stringify(members).includes("budget_tokens") || thinksBeforeCalls(sent.messages));
        fc.pre(model !== "claude-3-5-haiku-latest" || !JSON.stringify(sent).includes('"strict":true'));
        const whole = { model, ...sent, ...members };
        const conversation = MESSAGES_DIALECT.readRequest(whole);
        expect(conversation.foreign).toEqual([]);
        const { body: written, notes } = MESSAGES_DIALECT.writeRequest(conversation, target(model));
        expect(written).toEqual(whole);
        expect(notes).toEqual([]);
      }),
      propertyRuns(100),
    );
  });

  test("has names that come back, whatever they are", () => {
    const odd = fc.stringMatching(/^[_x.0-9a-f]{1,8}$/);
    fc.assert(
      fc.property(fc.oneof(odd, odd, fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 })), (name) => {
        const wire = toWireName(name);
        expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
        expect(fromWireName(wire)).toBe(name);
      }),
      propertyRuns(300),
    );
    expect(toWireName("mcp__files__read_x1")).toBe("mcp__files__read_x1");
  });

  test("has ids that the wire takes, the same for the same", () => {
    expect(toWireId("call_1-A")).toBe("call_1-A");
    expect(toWireId("a:1")).toMatch(/^toolu_[\w-]{24}$/);
    expect(toWireId("a:1")).toBe(toWireId("a:1"));
    expect(toWireId("a:1")).not.toBe(toWireId("a:2"));
  });
});
