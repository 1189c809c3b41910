import { expect, test } from "bun:test";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { nextStep } from "../../src/demo/model.ts";
import { readRequest } from "../../src/formats/chat/read-request.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

const TEXTS: JsonObject = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };

const ask = (content: string) =>
  nextStep(
    readRequest({
      model: "demo",
      messages: [{ role: "user", content }],
      tools: [{ type: "function", function: { name: "translate_text", parameters: TEXTS } }],
    }),
  );

test.each([
  ["Translate the text “good morning” please", "good morning"],
  ["Translate the text `a` or “b”", "a"],
  ["Translate the text “not “closed”", "closed"],
])("a quotation is what a tool is given: %s", (question, text) => {
  expect(ask(question)).toEqual(["translate_text", { text }]);
});

// Of each character that begins or ends something, many in a row.
test.each(['"', "“", "”", "`", " ", "-", "1", "1.", "A ", "a A", "as ", "ss", "_", "é"])(
  "takes time by the length of a question: %s",
  async (piece) => {
    const make = (size: number) => () => ask(`translate text ${piece.repeat(size / piece.length)}`);
    expect(await cpuGrowth(16_000, make)).toBeLessThan(LINEAR);
  },
);
