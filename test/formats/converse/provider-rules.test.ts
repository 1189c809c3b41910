import { expect, test } from "bun:test";
import fc from "fast-check";
import { writeRequest } from "../../../src/formats/converse/write-request.ts";
import { anyConversation } from "../conversations.ts";
import { conversation, target } from "../messages/conversations.ts";
import { brokenRules } from "./provider-rules.ts";

const MODELS = [
  "anthropic.claude-3-5-haiku-20241022-v1:0",
  "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
  "anthropic.claude-opus-4-8",
  "us.amazon.nova-pro-v1:0",
  "us.amazon.nova-2-lite-v1:0",
  "openai.gpt-oss-120b-1:0",
  "meta.llama3-3-70b-instruct-v1:0",
];

test("any conversation is written so that the provider takes it", () => {
  fc.assert(
    fc.property(anyConversation("bedrock/converse"), fc.constantFrom(...MODELS), (members, model) => {
      const { body } = writeRequest(conversation(members), target(model, "bedrock"));
      expect(brokenRules(body)).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});
