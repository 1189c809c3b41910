import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AgentRig, call, calling, CHAT, completion, startAgentRig } from "../../tools/loop/loop-rig.ts";
import { json } from "../../fixtures/answers.ts";
import { METRICS, metricsUrl, readMetrics } from "./read-metrics.ts";

let agent: AgentRig;
beforeAll(async () => void (agent = await startAgentRig(METRICS)));
afterAll(() => agent[Symbol.asyncDispose]());

test("calls of tools are counted by name, each with its time, and so is every step of the model", async () => {
  const usage = { usage: { prompt_tokens: 10, completion_tokens: 1 } };
  agent.answer(
    calling(call("c1", "mcp_add", { a: 2, b: 3 }), call("c2", "mcp_fail"), call("c3", "mcp_made_up")),
    completion({ content: "5" }, "stop", usage),
  );
  expect((await agent.chat(CHAT)).status).toBe(200);
  const metrics = await readMetrics(await metricsUrl(agent.rig.gateway));
  const of = (tool: string, error?: string) => ({
    gen_ai_provider_name: "openai",
    gen_ai_request_model: "m",
    gen_ai_tool_name: tool,
    gen_ai_tool_type: "mcp",
    ...(error !== undefined && { error_type: error }),
  });
  expect(metrics.labelsOf("inference_gateway_tool_calls_total")).toHaveLength(2);
  expect(metrics.sum("inference_gateway_tool_calls_total", of("mcp_add"))).toBe(1);
  expect(metrics.sum("inference_gateway_tool_calls_total", of("mcp_fail", "tool_failed"))).toBe(1);
  expect(metrics.sum("gen_ai_execute_tool_duration_seconds_count", of("mcp_add"))).toBe(1);
  // No label is made of what only a model has said.
  expect(metrics.text).not.toContain("made_up");
  expect(metrics.sum("gen_ai_server_request_duration_seconds_count")).toBe(1);
  expect(metrics.sum("gen_ai_client_operation_duration_seconds_count")).toBe(2);
  expect(metrics.labelsOf("inference_gateway_attempts_total").map(({ kind }) => kind)).toEqual(["first", "step"]);
});

const asked = { type: "function_call", id: "fc_1", call_id: "c1", name: "mcp_add", arguments: '{"a":2,"b":3}' };
const askedInResponses = { id: "r", object: "response", status: "completed", output: [asked] };

test.each([
  ["/v1/chat/completions", CHAT, calling(call("c1", "mcp_add", { a: 2, b: 3 }))],
  ["/v1/messages", { ...CHAT, model: "openai/m", max_tokens: 9 }, json(200, askedInResponses)],
])("a step whose whole answer is an error has it, too: %s", async (path, body, first) => {
  const read = async () => readMetrics(await metricsUrl(agent.rig.gateway));
  const failed = { kind: "step", error_type: "provider_error" };
  const before = (await read()).sum("inference_gateway_attempts_total", failed);
  agent.answer(first, json(200, { error: { message: "no" } }));
  const client = await agent.rig.connect();
  await client.request("POST", path, { body: JSON.stringify(body) });
  await client.head();
  await client.body();
  expect((await read()).sum("inference_gateway_attempts_total", failed)).toBe(before + 1);
});
