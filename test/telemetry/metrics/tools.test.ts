import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AgentRig, call, calling, CHAT, completion, startAgentRig } from "../../tools/loop/loop-rig.ts";
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
