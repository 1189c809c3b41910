import { expect, test } from "bun:test";
import { estimateInput } from "../../../src/formats/form/estimate-input.ts";
import { conversation, user } from "../messages/conversations.ts";

test("estimates a request's tokens by lengths, and pictures by their number", () => {
  const tool = {
    kind: "function",
    name: "f",
    description: "x".repeat(400),
    parameters: { type: "object" },
    strict: undefined,
    cache: undefined,
  } as const;
  const image = { type: "image", source: { kind: "base64", data: "A".repeat(1e6) }, mediaType: "image/png" } as const;
  const result = {
    type: "result",
    callId: "a",
    blocks: [{ type: "text", text: "x".repeat(40) }, image],
    isError: false,
    kind: "function",
  } as const;
  expect(estimateInput(conversation({ turns: [] }))).toBe(0);
  expect(estimateInput(conversation({ turns: [user("x".repeat(401))] }))).toBe(101);
  expect(estimateInput(conversation({ turns: [{ role: "user", blocks: [image] }] }))).toBe(1500);
  expect(estimateInput(conversation({ turns: [{ role: "tool", blocks: [result] }] }))).toBe(1510);
  expect(estimateInput(conversation({ turns: [], tools: [tool] }))).toBe(125);
});
