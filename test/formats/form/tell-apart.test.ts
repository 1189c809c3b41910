import { expect, test } from "bun:test";
import { writeRequest as writeCohere } from "../../../src/formats/cohere/write-request.ts";
import { writeRequest as writeConverse } from "../../../src/formats/converse/write-request.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Turn } from "../../../src/formats/form/conversation.ts";
import { stepsOf } from "../../../src/formats/form/steps.ts";
import { openTellingApart } from "../../../src/formats/form/tell-apart.ts";
import { writeRequest as writeMessages } from "../../../src/formats/messages/write-request.ts";
import { conversation, target, user } from "../messages/conversations.ts";

const call = (id: string): Block => ({ type: "call", id, name: "f", input: "{}", kind: "function" });
const result = (callId: string, said: string): Block => ({
  type: "result",
  callId,
  blocks: [{ type: "text", text: said }],
  isError: false,
  kind: "function",
});

const TWICE: readonly Turn[] = [
  user("Hi"),
  { role: "assistant", blocks: [call("a"), call("a")] },
  { role: "tool", blocks: [result("a", "1"), result("a", "2")] },
  { role: "assistant", blocks: [call("a"), call("b")] },
  { role: "tool", blocks: [result("b", "4"), result("a", "3")] },
];

test("calls with one id get ids of their own, and so do their results", () => {
  const told = stepsOf(TWICE).map(openTellingApart());
  expect(told.flatMap(({ said }) => said.flatMap((block) => (block.type === "call" ? block.id : [])))).toEqual([
    ...["a", "a#2", "a#3", "b"],
  ]);
  expect(told.flatMap(({ results }) => results.map(({ callId }) => callId))).toEqual(["a", "a#2", "b", "a#3"]);
});

test("an id that is made is none that was said before", () => {
  const steps = stepsOf([{ role: "assistant", blocks: ["a", "a#2", "a", "a#2", "a"].map(call) }]);
  const ids = steps
    .map(openTellingApart())
    .flatMap(({ said }) => said.map((block) => block.type === "call" && block.id));
  expect(ids).toEqual(["a", "a#2", "a#3", "a#2#2", "a#4"]);
});

/** Ids of calls and of results in the order of the body. */
const idsOn: Readonly<Record<string, (members: Partial<Conversation>) => readonly (readonly string[])[]>> = {
  messages: (members) => found(writeMessages(conversation(members), target("claude-opus-4-5")), "id", "tool_use_id"),
  cohere: (members) => found(writeCohere(conversation(members), target("command-a", "cohere")), "id", "tool_call_id"),
  converse: (members) => {
    const { body } = writeConverse(conversation(members), target("anthropic.claude-opus-4-5", "bedrock"));
    const text = JSON.stringify(body);
    const idsIn = (kind: string): readonly string[] =>
      [...text.matchAll(new RegExp(`"${kind}":\\{"toolUseId":"([^"]+)"`, "g"))].map(([, id = ""]) => id);
    return [idsIn("toolUse"), idsIn("toolResult")];
  },
};

const found = ({ body }: { body: object }, ...names: readonly string[]): readonly (readonly string[])[] =>
  names.map((name) =>
    [...JSON.stringify(body).matchAll(new RegExp(`"${name}":"([^"]+)"`, "g"))].map(([, id = ""]) => id),
  );

test.each(Object.keys(idsOn))("%s has each call with its own result", (wire) => {
  const [calls = [], results = []] = idsOn[wire]?.({ turns: TWICE }) ?? [];
  expect(new Set(calls).size).toBe(4);
  expect(calls[0]).toBe("a");
  const [first = "", second = "", third = "", fourth = ""] = calls;
  expect(results).toEqual([first, second, fourth, third]);
});
