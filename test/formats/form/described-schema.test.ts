import { expect, test } from "bun:test";
import { COHERE_DIALECT } from "../../../src/formats/cohere/dialect.ts";
import { readRequest } from "../../../src/formats/chat/read-request.ts";
import type { WireDialect } from "../../../src/formats/form/dialect.ts";
import { factsOf } from "../../../src/formats/form/model-facts.ts";
import { GEMINI_WIRE } from "../../../src/formats/gemini/wire-dialect.ts";
import { MESSAGES_DIALECT } from "../../../src/formats/messages/dialect.ts";

/* What clients say of their output beside its schema is told to models whose API has a place only for the schema. */

const SCHEMA = { type: "object", properties: {}, additionalProperties: false };

const schemaSent = (wire: WireDialect, provider: string, model: string, schema: object): unknown => {
  const { body, notes } = wire.writeRequest(
    readRequest({
      model,
      messages: [{ role: "user", content: "hi" }],
      response_format: { type: "json_schema", json_schema: { name: "n", description: "Who wins", schema } },
    }),
    { provider, model, facts: factsOf(model) },
  );
  expect(notes).toEqual([]);
  const {
    output_config: messages,
    generationConfig: gemini,
    response_format: cohere,
  } = JSON.parse(JSON.stringify(body));
  return messages?.format.schema ?? gemini?.responseJsonSchema ?? gemini?.responseSchema ?? cohere?.json_schema;
};

test.each<[string, WireDialect, string, string]>([
  ["Messages", MESSAGES_DIALECT, "anthropic", "claude-sonnet-4-5"],
  ["Gemini", GEMINI_WIRE, "google", "gemini-2.5-flash"],
  ["Cohere", COHERE_DIALECT, "cohere", "command-a-03-2025"],
])("%s: the description of the output is said in its schema, unless that has one", (_, wire, provider, model) => {
  expect(schemaSent(wire, provider, model, SCHEMA)).toEqual({ ...SCHEMA, description: "Who wins" });
  const described = { ...SCHEMA, description: "A winner" };
  expect(schemaSent(wire, provider, model, described)).toEqual(described);
});
