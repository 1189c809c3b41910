import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Block, MediaBlock, Seal } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Turn } from "../../../src/formats/form/conversation.ts";
import { writeRequest } from "../../../src/formats/messages/write-request.ts";
import { conversation, NO_SAMPLING, target } from "./conversations.ts";
import { brokenRules } from "./provider-rules.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const said = fc.constantFrom("", " \n", "A", "B \n", "C");
const cache = fc.constantFrom(undefined, undefined, { ttl: undefined }, { ttl: "1h" as const });
/** Few and odd, so that results and calls meet, and miss each other. */
const id = fc.constantFrom("a", "b", "call:1", "");
const text = fc.record({ type: fc.constant("text" as const), text: said, cache });
const seal = fc.option(
  fc.record<Seal>({
    origin: fc.constantFrom("anthropic/messages", "messages", "openai/responses"),
    kind: fc.constantFrom("signature", "encrypted"),
    value: fc.constant("sig"),
  }),
  { nil: undefined },
);
const thought = fc.record({ type: fc.constant("thinking" as const), text: said, seal });
const call = fc.record({
  type: fc.constant("call" as const),
  id,
  name: fc.constantFrom("f", "a.b", "ü"),
  input: fc.constantFrom("", "{}", "[1]", "{broken", '{"a":1}'),
  kind: fc.constantFrom("function" as const, "custom" as const),
  seal,
  cache,
});
const image = fc.constant<MediaBlock>({
  type: "image",
  source: { kind: "base64", data: "iVBORw0KGgo=" },
  mediaType: "image/png",
});
const result = fc.record({
  type: fc.constant("result" as const),
  callId: id,
  blocks: fc.array(fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: image }), { maxLength: 2 }),
  isError: fc.boolean(),
  kind: fc.constant("function" as const),
  cache,
});
const opaque = fc.constant<Block>({ type: "opaque", format: "responses", name: "web_search_call", value: {} });

const turn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({
    role: fc.constantFrom("system" as const, "developer" as const),
    blocks: fc.array(text, { maxLength: 2 }),
  }),
  fc.record({ role: fc.constant("user" as const), blocks: fc.array(text, { maxLength: 2 }) }),
  fc.record({
    role: fc.constant("assistant" as const),
    blocks: fc.array(fc.oneof(text, thought, call, call, opaque), { maxLength: 4 }),
  }),
  fc.record({ role: fc.constant("tool" as const), blocks: fc.array(result, { maxLength: 3 }) }),
);

const asked: fc.Arbitrary<Partial<Conversation>> = fc.record({
  turns: fc.array(turn, { maxLength: 8 }),
  tools: fc.constantFrom<Conversation["tools"]>(
    [],
    [
      {
        kind: "function",
        name: "f",
        description: undefined,
        parameters: undefined,
        strict: undefined,
        cache: { ttl: undefined },
      },
    ],
  ),
  toolChoice: fc.constantFrom<Conversation["toolChoice"]>(undefined, { kind: "required" }, { kind: "none" }),
  reasoning: fc.option(
    fc.record<NonNullable<Conversation["reasoning"]>>({
      effort: fc.constantFrom(undefined, "none", "minimal", "low", "high", "max"),
      budget: fc.constantFrom(undefined, 0, 1, 5000, 1e6),
      isAdaptive: fc.boolean(),
      isShown: fc.constantFrom(undefined, true, false),
    }),
    { nil: undefined },
  ),
  limits: fc.record({
    maxOutputTokens: fc.constantFrom(undefined, 1, 1024, 2000, 100_000),
    stop: fc.constant([]),
    answers: fc.constant(undefined),
  }),
  sampling: fc.constantFrom(NO_SAMPLING, { ...NO_SAMPLING, temperature: 0.3, topK: 4, topP: 0.5 }),
});

const MODELS = [
  "claude-3-5-haiku",
  "claude-sonnet-4-0",
  "claude-opus-4-5",
  "claude-sonnet-4-6",
  "claude-opus-4-8",
  "glm-5",
];

describe("any conversation", () => {
  test("is written so that the provider takes it", () => {
    fc.assert(
      fc.property(
        asked,
        fc.constantFrom(...MODELS),
        fc.constantFrom("anthropic", "zai"),
        (members, model, provider) => {
          const isDemand = members.toolChoice?.kind === "required" && members.tools?.length === 0;
          const asked = conversation({ ...members, ...(isDemand && { toolChoice: undefined }) });
          const { body } = writeRequest(asked, target(model, provider));
          expect(brokenRules(body)).toEqual([]);
        },
      ),
      propertyRuns(300),
    );
  });
});
