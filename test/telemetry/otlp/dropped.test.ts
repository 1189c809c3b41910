import { expect, test } from "bun:test";
import { CHAT } from "../../routes/requests.ts";
import { startTraced } from "../traces/traced-gateway.ts";

test("what a collector does not take is counted, and durations carry the trace of a request that is recorded", async () => {
  await using traced = await startTraced({ TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_PORT: "0" });
  const { started, collector } = traced;
  const line = await started.gateway.logged((said) => JSON.stringify(said).includes("/metrics"));
  const [url = ""] = /http:\/\/[^"\s]+\/metrics/.exec(JSON.stringify(line)) ?? [];
  const read = async (): Promise<string> =>
    (await fetch(url, { headers: { accept: "application/openmetrics-text; version=1.0.0" } })).text();
  expect(await read()).toContain('inference_gateway_telemetry_dropped_total{signal="traces"} 0');
  collector.answerWith(() => new Response("", { status: 400 }));
  await (await started.post("/v1/chat/completions", CHAT)).text();
  const [span] = await traced.spans();
  await started.gateway.logged(({ signal }) => signal === "traces");
  const metrics = await read();
  expect(metrics).toContain('inference_gateway_telemetry_dropped_total{signal="traces"} 2');
  expect(metrics).toContain(`trace_id="${span?.traceId}"`);
});
