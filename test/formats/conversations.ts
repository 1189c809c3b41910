import fc from "fast-check";
import type { Block, Seal } from "../../src/formats/form/blocks.ts";
import type { Conversation, Turn } from "../../src/formats/form/conversation.ts";
import { NO_SAMPLING } from "./messages/conversations.ts";

/*
 * Any conversations, odd ones above all: blank texts, calls and results that miss each other, seals of others. What a
 * writer makes of them must be something that its provider takes.
 */

const said = fc.constantFrom("", " \n", "A", "B \n", "C");
const cache = fc.constantFrom(undefined, undefined, { ttl: undefined }, { ttl: "1h" as const });
/** Few and odd, so that results and calls meet, and miss each other. */
const id = fc.constantFrom("a", "b", "call:1", "", "x".repeat(80));
const text = fc.record({ type: fc.constant("text" as const), text: said, cache });
const media = fc.constantFrom<Block>(
  { type: "image", source: { kind: "base64", data: "iVBORw0KGgo=" }, mediaType: undefined },
  { type: "document", source: { kind: "text", text: "T" }, mediaType: "text/plain", name: "a  b/ü.txt" },
);
const thoughtOf = (origin: string) =>
  fc.record({
    type: fc.constant("thinking" as const),
    text: said,
    seal: fc.option(
      fc.record<Seal>({
        origin: fc.constantFrom(origin, "messages", "openai/responses"),
        kind: fc.constantFrom("signature", "encrypted"),
        value: fc.constant("sig"),
      }),
      { nil: undefined },
    ),
  });
const call = fc.record({
  type: fc.constant("call" as const),
  id,
  name: fc.constantFrom("f", "a.b", "ü", "n".repeat(100)),
  input: fc.constantFrom("", "{}", "[1]", "{broken", '{"a":1}'),
  kind: fc.constantFrom("function" as const, "custom" as const),
  cache,
});
const image = {
  type: "image" as const,
  source: { kind: "base64" as const, data: "iVBORw0KGgo=" },
  mediaType: "image/png",
};
const result = fc.record({
  type: fc.constant("result" as const),
  callId: id,
  blocks: fc.array(fc.oneof(text, text, fc.constant(image)), { maxLength: 2 }),
  isError: fc.boolean(),
  kind: fc.constant("function" as const),
  cache,
});
const opaque = fc.constant<Block>({ type: "opaque", format: "responses", name: "web_search_call", value: {} });

const turnOf = (origin: string): fc.Arbitrary<Turn> =>
  fc.oneof(
    fc.record({
      role: fc.constantFrom("system" as const, "developer" as const),
      blocks: fc.array(text, { maxLength: 2 }),
    }),
    fc.record({ role: fc.constant("user" as const), blocks: fc.array(fc.oneof(text, text, media), { maxLength: 2 }) }),
    fc.record({
      role: fc.constant("assistant" as const),
      blocks: fc.array(fc.oneof(text, thoughtOf(origin), call, call, opaque), { maxLength: 4 }),
    }),
    fc.record({ role: fc.constant("tool" as const), blocks: fc.array(result, { maxLength: 3 }) }),
  );

const tool = {
  kind: "function" as const,
  name: "f",
  description: "",
  parameters: undefined,
  strict: undefined,
  cache: { ttl: undefined },
};

/** @param origin of the seals that the provider itself has made */
export const anyConversation = (origin: string): fc.Arbitrary<Partial<Conversation>> =>
  fc.record({
    turns: fc.array(turnOf(origin), { maxLength: 8 }),
    tools: fc.constantFrom<Conversation["tools"]>([], [tool]),
    toolChoice: fc.constantFrom<Conversation["toolChoice"]>(undefined, { kind: "auto" }, { kind: "none" }),
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
    sampling: fc.constantFrom(NO_SAMPLING, { ...NO_SAMPLING, temperature: 1.3, topK: 4, topP: 0.5 }),
  });
