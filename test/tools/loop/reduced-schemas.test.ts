import { expect, test } from "bun:test";
import { bodyOf, CHAT, completion, startAgentRig } from "./loop-rig.ts";

const inputSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { unit: { $ref: "#/$defs/unit" } },
  additionalProperties: false,
  $defs: { unit: { oneOf: [{ const: "km" }, { const: "mi" }] } },
};

test.each([
  ["openai", { type: "object", properties: { unit: { type: "string", enum: ["km", "mi"] } } }],
  ["google", inputSchema],
])("with MCP_REDUCE_SCHEMAS=%s, a request to openai has these parameters of a tool", async (listed, parameters) => {
  await using agent = await startAgentRig({ MCP_REDUCE_SCHEMAS: listed }, [{ name: "measure", inputSchema }]);
  agent.answer(completion({ content: "ok" }));
  const own = { type: "function", function: { name: "own", parameters: inputSchema } };
  await agent.chat({ ...CHAT, tools: [own] });
  const tools = bodyOf(agent.asked()[0])["tools"] as { function: { name: string; parameters: unknown } }[];
  const of = (name: string) => tools.find((tool) => tool.function.name === name)?.function.parameters;
  expect(of("mcp_measure")).toEqual(parameters);
  expect(of("own")).toEqual(inputSchema);
  await agent.finish();
});
