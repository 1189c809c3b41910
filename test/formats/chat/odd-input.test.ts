import { expect, test } from "bun:test";
import fc from "fast-check";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { CannotTranslate } from "../../../src/formats/form/dialect.ts";
import { CHAT_DIALECT } from "../../../src/formats/chat/dialect.ts";
import { addUp } from "./events.ts";
import { askOf, targetOf } from "./samples.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

/** Objects with members that are looked at, of which each may have any value, or one of the right shape with such members. */
const NAMES = [
  ...["role", "content", "type", "text", "refusal", "name", "id", "index", "tool_calls", "function", "arguments"],
  ...["tool_call_id", "image_url", "url", "file", "file_data", "input_audio", "reasoning", "reasoning_content"],
  ...["reasoning_details", "signature", "data", "thinking", "thinking_blocks", "extra_content", "google"],
  ...["thought_signature", "annotations", "url_citation", "custom", "input", "cache_control", "ttl", "function_call"],
  ...["usage", "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cached_tokens"],
  ...["choices", "delta", "message", "finish_reason", "error", "images", "audio", "code", "__proto__", "toString"],
  ...["tools", "tool_choice", "stop", "n", "response_format", "json_schema", "schema", "parameters", "allowed_tools"],
];
const WORDS = [
  ...["", "assistant", "tool", "user", "system", "text", "image_url", "file", "thinking", "refusal", "function"],
  ...["data:image/png;base64,AAAA", "data:,%", "gw1.a/b.signature.YQ", "reasoning.text", "reasoning.encrypted"],
  ...["{}", "stop", "error", "tool_calls", "f", "c1", "json_schema"],
];

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, 1, -1.5, ...WORDS),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 6 }),
  ),
}));

/** As the gateway gets it. */
const received = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

const members = (names: readonly string[]): fc.Arbitrary<JsonObject> =>
  fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

const message = members(["role", "content", "tool_calls", "tool_call_id", "reasoning_details", "refusal", "reasoning"]);

const request = fc
  .tuple(members(["tools", "tool_choice", "stop", "response_format", "thinking", "n", "usage"]), fc.array(message))
  .map(([body, messages]): JsonObject => ({ model: "m", ...body, messages }));

test("no request makes a reader or a writer fail but by saying what it cannot say", () => {
  fc.assert(
    fc.property(request, fc.constantFrom("openai", "mistral", "openrouter", "vllm", "google"), (body, provider) => {
      const conversation = CHAT_DIALECT.readRequest(received(body));
      try {
        CHAT_DIALECT.writeRequest(conversation, targetOf(provider));
      } catch (error) {
        expect(error).toBeInstanceOf(CannotTranslate);
      }
    }),
    propertyRuns(300),
  );
});

test("no answer makes a reader fail, and what it reads can be written", () => {
  fc.assert(
    fc.property(message, value, value, (said, finish_reason, usage) => {
      const body = { id: "a", choices: [{ message: said, finish_reason }], usage };
      const answer = CHAT_DIALECT.readAnswer(received(body), targetOf("some"));
      if (!("error" in answer)) JSON.stringify(CHAT_DIALECT.writeAnswer(answer, askOf()));
    }),
    propertyRuns(300),
  );
});

test("whatever the chunks of a stream are, its events are in order, and it ends or fails", () => {
  const chunk = fc.tuple(message, value, value).map(([delta, finish_reason, usage]) => ({
    id: "a",
    choices: [{ index: 0, delta, finish_reason }],
    usage,
  }));
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: chunk }, { weight: 1, arbitrary: value })), (chunks) => {
      const reader = CHAT_DIALECT.readStream(targetOf("some"));
      const events = chunks.flatMap((each) => reader.read({ name: undefined, data: JSON.stringify(each) }));
      const told = [...events, ...reader.read({ name: undefined, data: "[DONE]" }), ...reader.end()];
      const writer = CHAT_DIALECT.writeStream(askOf());
      const written = told.map((event) => writer.write(event)).join("") + writer.end();
      const hasFailed = told.at(-1)?.type === "fail";
      if (!hasFailed) addUp(told);
      expect(written.endsWith("data: [DONE]\n\n")).toBe(!hasFailed);
      expect(told.filter(({ type }) => type === "fail" || type === "stop").length).toBeGreaterThan(0);
    }),
    propertyRuns(300),
  );
});
