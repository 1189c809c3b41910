import { describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { OIDC_CLIENT, startOidcIssuer } from "../../fixtures/oidc-issuer.ts";
import { startOtlpReceiver, type TestSpan } from "../../fixtures/otlp-receiver.ts";
import { createSigningKey } from "../../fixtures/signing-key.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { startRig } from "../../fixtures/start-rig.ts";
import type { RetryReason } from "../../../src/routing/models/model-options.ts";
import { startRouted } from "../../routing-requests/routed-gateway.ts";
import { call, CHAT, completion, delta } from "../../tools/loop/loop-rig.ts";
import { startMcpServer, text } from "../../tools/mcp/mcp-server.ts";
import { SAMPLED, split, TRACE, tracingTo, traceOf } from "./traced-gateway.ts";

const brief = ({ name, status, attributes }: TestSpan) => [
  name,
  attributes["inference_gateway.attempt.kind"],
  attributes["http.response.status_code"] ?? 0,
  attributes["error.type"] ?? "",
  status,
];

describe("each attempt of routing is a span", () => {
  test("with its provider, its model and what became of it", async () => {
    await using collector = startOtlpReceiver();
    const model = {
      name: "fast",
      deployments: [{ provider: "left" }, { provider: "right", model: "other" }],
      retries: { attempts: 2, on: new Set<RetryReason>(["500"]), repeatsSent: true, backoffMs: 1, maxBackoffMs: 1 },
    };
    await using routed = await startRouted([model], {}, tracingTo(collector.url));
    routed.left.answer(json(500, { error: { message: "no" } }));
    routed.right.answer(json(200, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }));
    const response = await routed.post(
      "/v1/chat/completions",
      { model: "fast", messages: [] },
      { headers: { traceparent: SAMPLED } },
    );
    expect([response.status, await response.json()]).toMatchObject([200, { choices: [] }]);
    const { own, steps } = split((await collector.next()).spans);
    expect(steps.map((step) => brief(step).filter((_, index) => index !== 1))).toEqual([
      ["chat left-model", 500, "provider_error", 2],
      ["chat other", 200, "", 0],
    ]);
    expect(steps.map(({ attributes: { "server.port": port } }) => port)).toEqual([routed.left.port, routed.right.port]);
    expect([
      steps[0]?.attributes["gen_ai.usage.input_tokens"],
      steps[1]?.attributes["gen_ai.usage.input_tokens"],
    ]).toEqual([undefined, 3]);
    expect(steps.every(({ parentSpanId, traceId }) => parentSpanId === own.spanId && traceId === TRACE)).toBe(true);
    expect(own.attributes).toMatchObject({
      "inference_gateway.alias": "fast",
      "inference_gateway.attempts": 2,
      "gen_ai.provider.name": "right",
    });
    const asked = [routed.left, routed.right].map(({ requests }) => traceOf(requests.at(-1))[0]);
    expect(asked).toEqual(steps.map(({ spanId }) => `00-${TRACE}-${spanId}-01`));
  });
});

describe("the tools that the gateway runs", () => {
  test.each([[false], [true]])(
    "are spans between those of the model's steps, which their servers go on with: streamed %p",
    async (streams) => {
      const seen: (string | null)[] = [];
      await using collector = startOtlpReceiver();
      const mcp = await startMcpServer({
        tools: [
          { name: "add", run: () => text("5") },
          { name: "fail", run: () => ({ ...text("it broke"), isError: true }) },
        ],
        async intercept(request) {
          if ((await request.clone().text()).includes("tools/call")) seen.push(request.headers.get("traceparent"));
          return undefined;
        },
      });
      const mcpSettings = {
        MCP_ENABLED: "true",
        MCP_SERVERS: `test=${mcp.url}`,
        MCP_TOOL_MODE: "direct",
        MCP_POLLING_INTERVAL: "0s",
      };
      await using rig = await startRig({ ...mcpSettings, ...tracingTo(collector.url) });
      await rig.gateway.logged((line) => line["msg"] === "MCP server is connected");
      const usage = (prompt: number) => ({
        usage: { prompt_tokens: prompt, completion_tokens: 1, total_tokens: prompt + 1 },
      });
      const calls = [call("call-1", "mcp_add"), call("call-2", "mcp_fail")];
      if (streams) {
        const indexed = calls.map((each, index) => ({ index, ...each }));
        rig.provider.answer(
          sse(
            [
              delta({ role: "assistant", tool_calls: indexed }),
              delta({}, "tool_calls"),
              dataEvent({ choices: [], ...usage(10) }),
            ],
            { done: true },
          ),
        );
        rig.provider.answer(
          sse([delta({ content: "five" }), delta({}, "stop"), dataEvent({ choices: [], ...usage(30) })], {
            done: true,
          }),
        );
      } else {
        rig.provider.answer(completion({ tool_calls: calls }, "tool_calls", usage(10)));
        rig.provider.answer(completion({ content: "five" }, "stop", usage(30)));
      }
      const asked = rig.provider.requests.length;
      const response = await fetch(`${rig.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { traceparent: SAMPLED },
        body: JSON.stringify({ ...CHAT, ...(streams && { stream: true, stream_options: { include_usage: true } }) }),
      });
      expect(await response.text()).toContain("five");
      const { own, steps } = split((await collector.next()).spans);
      const names = steps.map(({ name }) => name);
      expect([names[0], names.slice(1, 3).sort(), names[3]]).toEqual([
        "chat m",
        ["execute_tool mcp_add", "execute_tool mcp_fail"],
        "chat m",
      ]);
      const tools = steps.filter(({ name }) => name.startsWith("execute_tool"));
      expect(tools.find(({ name }) => name.endsWith("add"))).toMatchObject({
        ...{ kind: 1, status: 0, parentSpanId: own.spanId },
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "mcp_add",
          "gen_ai.tool.call.id": "call-1",
        },
      });
      expect(tools.find(({ name }) => name.endsWith("fail"))).toMatchObject({
        status: 2,
        attributes: { "error.type": "tool_failed" },
      });
      expect(seen.toSorted()).toEqual(tools.map(({ spanId }) => `00-${TRACE}-${spanId}-01`).toSorted());
      const models = steps.filter(({ name }) => name === "chat m");
      expect(rig.provider.requests.slice(asked).map((request) => traceOf(request)[0])).toEqual(
        models.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
      );
      expect(models.map(({ attributes }) => attributes["gen_ai.usage.input_tokens"])).toEqual([10, 30]);
      expect(own.attributes).toMatchObject({ "gen_ai.usage.input_tokens": 40, "inference_gateway.tool_rounds": 1 });
      await mcp.stop();
    },
  );
});

test("what the issuer is asked is a trace of its own", async () => {
  await using collector = startOtlpReceiver();
  const key = await createSigningKey("RS256", "k1");
  await using issuer = await startOidcIssuer(key);
  await using _ = await startGateway({
    ...{ AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: issuer.url, AUTH_OIDC_CLIENT_ID: OIDC_CLIENT },
    ...tracingTo(collector.url),
  });
  const { spans } = await collector.next(5000);
  expect(spans[0]).toMatchObject({
    ...{ name: "GET", kind: 3, parentSpanId: "", status: 0 },
    attributes: { "server.address": "127.0.0.1", "http.response.status_code": 200 },
  });
});
