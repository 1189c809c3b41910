import { expect, test } from "bun:test";
import fc from "fast-check";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { CreateChatCompletionRequest } from "../../src/formats/chat/request-schema.ts";
import { CreateEmbeddingRequest } from "../../src/formats/embeddings/schemas.ts";
import { createExplainer } from "../../src/formats/schema/explain.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

const explainChat = createExplainer(CreateChatCompletionRequest, new Map());
const explainEmbedding = createExplainer(CreateEmbeddingRequest, new Map());

/** Values near what the schemas accept: right in places, of the wrong type or out of range in others. */
const odd = fc.oneof(
  fc.constantFrom(null, true, "", "text", "function", 0, -3, 1.5, 25, 2 ** 60),
  fc.constantFrom<unknown>([], {}, [1], ["a"], [[1]], [{}], { type: "text" }, { type: 1 }),
);
const part = fc.record(
  {
    type: fc.oneof(fc.constantFrom("text", "image_url", "input_audio", "file", "refusal", "thinking"), odd),
    text: fc.oneof(fc.string(), odd),
    image_url: fc.oneof(fc.record({ url: fc.oneof(fc.string(), odd), detail: odd }, { requiredKeys: [] }), odd),
    input_audio: odd,
    file: odd,
    refusal: odd,
  },
  { requiredKeys: [] },
);
const call = fc.record(
  { id: fc.oneof(fc.string(), odd), type: odd, function: fc.oneof(fc.record({ name: odd, arguments: odd }), odd) },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom("user", "assistant", "tool"), odd),
    content: fc.oneof(fc.string(), fc.array(fc.oneof(part, odd), { maxLength: 3 }), odd),
    tool_calls: fc.oneof(fc.array(call, { maxLength: 2 }), odd),
    function_call: odd,
    name: odd,
  },
  { requiredKeys: [] },
);
const request = fc.record(
  {
    model: fc.oneof(fc.string(), odd),
    messages: fc.oneof(fc.array(fc.oneof(message, odd), { maxLength: 3 }), odd),
    tools: fc.oneof(fc.array(fc.oneof(call, odd), { maxLength: 2 }), odd),
    stop: odd,
    temperature: odd,
    max_tokens: odd,
    response_format: odd,
    stream_options: odd,
    tool_choice: odd,
  },
  { requiredKeys: [] },
);

/** What a path of a problem looks like: known field names and indices, no key that a client made up. */
const PATH = /^(?:[a-z_]+(?:\[\d+\])*(?:\.[a-z_]+(?:\[\d+\])*)*)?$/;

test("explains a chat request exactly if the compiled check refuses it", () => {
  const compiled = TypeCompiler.Compile(CreateChatCompletionRequest);
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: request }, odd), (value) => {
      const problem = explainChat(value);
      expect(problem === undefined).toBe(compiled.Check(value));
      if (problem !== undefined) expect(problem.path).toMatch(PATH);
    }),
    propertyRuns(300),
  );
});

test("explains an embedding request exactly if the compiled check refuses it", () => {
  const compiled = TypeCompiler.Compile(CreateEmbeddingRequest);
  const item = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.array(fc.oneof(fc.integer(), odd)), odd);
  const input = fc.oneof(fc.array(fc.string()), fc.array(fc.integer()), fc.array(item, { maxLength: 4 }), odd);
  fc.assert(
    fc.property(fc.record({ model: fc.constantFrom("x", ""), input }), (value) => {
      expect(explainEmbedding(value) === undefined).toBe(compiled.Check(value));
    }),
    propertyRuns(300),
  );
});
