import { expect, test } from "bun:test";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import type { Dialect, Prefill } from "../../src/formats/form/dialect.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { MESSAGES_DIALECT } from "../../src/formats/messages/dialect.ts";

const may = (dialect: Dialect, provider: string, model: string, prefill?: Prefill | "none"): boolean | undefined =>
  dialect.continues?.({ provider, model, facts: factsOf(model), prefill });

test.each([
  ["vllm", "qwen3-8b", true],
  ["sglang", "llama-3.3-70b", true],
  ["llamacpp", "any", true],
  ["ollama", "llama3.2", true],
  ["mistral", "mistral-large-latest", true],
  ["openrouter", "mistralai/mistral-large", true],
  ["openrouter", "anthropic/claude-sonnet-4.5", true],
  ["openrouter", "anthropic/claude-sonnet-4.6", false],
  ["openrouter", "openai/gpt-4o", false],
  ["openrouter", "deepseek/deepseek-r1", false],
  ["openai", "gpt-4o", false],
  ["azure", "gpt-4o", false],
  ["groq", "llama-3.3-70b-versatile", false],
  // Only below another base URL.
  ["deepseek", "deepseek-chat", false],
  ["mine", "qwen3-8b", false],
])("the chat API of %s goes on with answers of %s: %p", (provider, model, expected) => {
  expect(may(CHAT_DIALECT, provider, model)).toBe(expected);
});

test.each([
  ["claude-3-haiku-20240307", true],
  ["claude-3-5-sonnet-latest", true],
  ["claude-3-7-sonnet-latest", true],
  ["claude-sonnet-4-20250514", true],
  ["claude-opus-4-1", true],
  ["claude-opus-4-5", true],
  ["claude-haiku-4-5-20251001", true],
  ["claude-sonnet-4-6", false],
  ["claude-opus-4-7", false],
  ["claude-opus-5", false],
  ["qwen3-8b", false],
])("the Messages API goes on with answers of %s: %p", (model, expected) => {
  expect(may(MESSAGES_DIALECT, "anthropic", model)).toBe(expected);
});

test.each([CHAT_DIALECT, MESSAGES_DIALECT])("what the operator says counts", (dialect) => {
  expect(may(dialect, "mine", "any", "as_is")).toBe(true);
  expect(may(dialect, "vllm", "claude-sonnet-4-5", "none")).toBe(false);
});
