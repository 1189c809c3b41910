import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Block, CallBlock, MediaBlock, ResultBlock, TextBlock } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Turn } from "../../../src/formats/form/conversation.ts";
import { GEMINI_WIRE } from "../../../src/formats/gemini/wire-dialect.ts";
import { call, conversation, NEW, OLD, result, target, THINKER, tool } from "./conversations.ts";
import { brokenRules } from "./provider-rules.ts";

const texts = fc.constantFrom("", " ", "a", "é😀", '{"a":1}', "[1]").map((text): TextBlock => ({ type: "text", text }));

const seals = fc.option(
  fc.record({
    origin: fc.constantFrom("google/generate", "generate", "google/chat", "anthropic/messages"),
    kind: fc.constantFrom("signature" as const, "encrypted" as const),
    value: fc.constantFrom("QQ==", "Qg=="),
  }),
  { nil: undefined },
);

const thoughts = fc
  .tuple(fc.constantFrom("", "hm"), seals)
  .map(([text, seal]): Block => ({ type: "thinking", text, seal }));

const sealedTexts = fc.tuple(texts, seals).map(([text, seal]): Block => ({ ...text, ...(seal && { seal }) }));

const image: MediaBlock = {
  type: "image",
  source: { kind: "base64", data: "iVBORw0KGgo=" },
  mediaType: undefined,
  detail: "high",
};

const opaque: Block = { type: "opaque", format: "messages", name: "server_tool_use", value: {} };

const NAMES = ["f", "with space", "9", `mcp__${"x".repeat(90)}`];

const calls = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom("", "{}", '{"a":[1]}', "broken"), seals, fc.boolean())
  .map(([name, input, seal, isCustom]): CallBlock =>
    call("", { name, input, kind: isCustom ? "custom" : "function", ...(seal && { seal }) }),
  );

/** What the model says, and the results of all of its calls, in any order; some of them twice. */
const steps = fc
  .tuple(
    fc.array(fc.oneof(thoughts, sealedTexts, fc.constant(image), fc.constant(opaque)), { maxLength: 4 }),
    fc.array(calls, { maxLength: 3 }),
    fc.array(fc.tuple(fc.array(fc.oneof(texts, fc.constant(image)), { maxLength: 2 }), fc.boolean()), {
      minLength: 4,
      maxLength: 4,
    }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([said, called, outcomes, isReversed, isRepeated]) => (id: number): readonly Turn[] => {
    const named = called.map((block, at) => ({ ...block, id: `c${id}_${at}` }));
    const made = named.map((block, at): ResultBlock => {
      const [blocks = [], isError = false] = outcomes[at] ?? [];
      return result(block.id, { blocks, isError });
    });
    const [first] = made;
    const given = [...(isReversed ? made.toReversed() : made), ...(isRepeated && first ? [first] : [])];
    return [
      { role: "assistant", blocks: [...said, ...named] },
      ...(given.length > 0 ? [{ role: "tool", blocks: given } as const] : []),
    ];
  });

const others = fc
  .tuple(
    fc.constantFrom("user" as const, "system" as const, "developer" as const),
    fc.array(texts, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([role, said, hasImage]) => (): readonly Turn[] => {
    if (role !== "user") return [{ role, blocks: said }];
    return [{ role, blocks: [...said, ...(hasImage ? [image] : [])] }];
  });

const conversations = fc
  .record({
    turns: fc
      .array(fc.oneof(steps, others), { maxLength: 6 })
      .map((made) => made.flatMap((turnsOf, at) => turnsOf(at))),
    tools: fc
      .subarray(NAMES)
      .map((names) => names.map((name) => tool(name, { properties: { a: { const: 1 } } }, true))),
    toolChoice: fc.constantFrom<Conversation["toolChoice"]>(
      undefined,
      { kind: "none" },
      { kind: "named", name: "9" },
      { kind: "allowed", mode: "auto", names: ["with space", "f"] },
    ),
    reasoning: fc.option(
      fc.record({
        effort: fc.constantFrom(undefined, "none" as const, "max" as const),
        budget: fc.constantFrom(undefined, 0, 5000),
        isAdaptive: fc.boolean(),
        isShown: fc.constantFrom(undefined, true, false),
      }),
      { nil: undefined },
    ),
  })
  .map(conversation);

test("no request breaks a rule of the API, whatever was said", () => {
  fc.assert(
    fc.property(conversations, fc.constantFrom(NEW, THINKER, OLD), (made, model) => {
      const { body } = GEMINI_WIRE.writeRequest(made, target(model));
      expect(brokenRules(JSON.parse(JSON.stringify(body)), model)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("no value of another provider's is sent", () => {
  fc.assert(
    fc.property(conversations, (made) => {
      const foreign = { origin: "anthropic/messages", kind: "signature", value: "FOREIGN" } as const;
      const turns = made.turns.map((turn) => ({
        ...turn,
        blocks: turn.blocks.map((block) => ("seal" in block && block.seal ? { ...block, seal: foreign } : block)),
      })) as readonly Turn[];
      const { body } = GEMINI_WIRE.writeRequest({ ...made, turns }, target());
      expect(JSON.stringify(body)).not.toContain("FOREIGN");
    }),
  );
});
