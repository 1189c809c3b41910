import { afterEach, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { type GatewayProcess, startGateway } from "../../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { connectToEach, workerPids } from "../../cli/workers/worker-processes.ts";
import { startOtlpReceiver } from "../../fixtures/otlp-receiver.ts";
import { attributes, requestOf, sum } from "../push/pushing.ts";
import { METRICS, type MetricsRead, metricsUrl, readMetrics } from "./read-metrics.ts";

// Every test starts several processes on a machine that may be busy.

const CHAT = JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "hi" }] });
const ANSWER = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
const CHATS = { route: "/v1/chat/completions" };

let rig: Rig<GatewayProcess>;
afterEach(() => rig[Symbol.asyncDispose]());

async function start(): Promise<string> {
  rig = await startRig({ ...METRICS, SERVER_WORKERS: "2" }, startGateway);
  rig.provider.answerAlways(() => json(200, ANSWER));
  return metricsUrl(rig.gateway);
}

/** Asks each worker so many times. */
async function askEach(times: number): Promise<void> {
  for (const { client } of await connectToEach(rig.gateway)) {
    for (let time = 0; time < times; time += 1) {
      await client.request("POST", "/v1/chat/completions", { body: CHAT });
      await client.head();
      await client.body();
    }
    client.leave();
  }
}

const upAgain = (pid: number | undefined) =>
  rig.gateway.logged(({ msg, worker, pid: of }) => msg === "worker is up" && worker === 1 && of !== pid, 10_000);

test("one address answers for all workers: counts are sums, processes have their numbers", async () => {
  const url = await start();
  await askEach(3);
  const metrics = await readMetrics(url);
  expect(metrics.sum("inference_gateway_requests_total", CHATS)).toBe(6);
  expect(metrics.sum("gen_ai_server_request_duration_seconds_bucket", { le: "+Inf" })).toBe(6);
  expect(metrics.sum("gen_ai_client_token_usage_sum", { gen_ai_token_type: "input" })).toBe(18);
  const workers = metrics.labelsOf("process_resident_memory_bytes").map(({ worker }) => worker);
  expect(workers.toSorted()).toEqual(["0", "1", "2"]);
});

test("what is pushed to any worker is counted once", async () => {
  rig = await startRig({ ...METRICS, SERVER_WORKERS: "2", TELEMETRY_METRICS_PUSH_ENABLED: "true" }, startGateway);
  const url = await metricsUrl(rig.gateway);
  const body = JSON.stringify(
    requestOf([sum("inference_gateway.tool_calls", [{ asInt: 2, attributes: attributes({ source: "cli" }) }])]),
  );
  const times = 3;
  for (const { client } of await connectToEach(rig.gateway)) {
    for (let time = 0; time < times; time += 1) {
      await client.request("POST", "/v1/metrics", { headers: { "content-type": "application/json" }, body });
      expect((await client.head()).status).toBe(200);
      await client.body();
    }
    client.leave();
  }
  const calls = (metrics: MetricsRead) => metrics.sum("inference_gateway_tool_calls_total", { source: "cli" });
  expect([calls(await readMetrics(url)), calls(await readMetrics(url))]).toEqual([12, 12]);
});

test("each worker sends what it has counted itself to a collector, as an instance of its own", async () => {
  await using collector = startOtlpReceiver();
  rig = await startRig(
    {
      ...{ TELEMETRY_ENABLED: "true", OTEL_METRICS_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      ...{ OTEL_METRIC_EXPORT_INTERVAL: "86400000", SERVER_WORKERS: "2" },
    },
    startGateway,
  );
  rig.provider.answerAlways(() => json(200, ANSWER));
  await askEach(2);
  await rig.gateway.end();
  const counts = new Map(
    collector.requests.map(({ resource, points }) => [
      resource["service.instance.id"],
      points
        .filter(({ name, attributes: of }) => name === "inference_gateway.requests" && of["route"] === CHATS.route)
        .reduce((total, { value }) => total + value, 0),
    ]),
  );
  expect([...counts.values()]).toEqual([2, 2]);
});

test("a worker that ends takes nothing with it that was counted, neither killed nor asked to end", async () => {
  const url = await start();
  await askEach(2);
  expect((await readMetrics(url)).sum("inference_gateway_requests_total", CHATS)).toBe(4);
  const killed = workerPids(rig.gateway).get(1);
  process.kill(killed ?? 0, "SIGKILL");
  await upAgain(killed);
  expect((await readMetrics(url)).sum("inference_gateway_requests_total", CHATS)).toBe(4);
  await askEach(1);
  // What it has counted since it was last asked is said at its end.
  const asked = workerPids(rig.gateway).get(1);
  process.kill(asked ?? 0, "SIGTERM");
  await upAgain(asked);
  expect((await readMetrics(url)).sum("inference_gateway_requests_total", CHATS)).toBe(6);
});

test("a worker that hangs holds up nobody for long, and is shown as it was", async () => {
  const url = await start();
  await askEach(1);
  await readMetrics(url);
  const pid = workerPids(rig.gateway).get(2) ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    expect((await readMetrics(url)).sum("inference_gateway_requests_total", CHATS)).toBe(2);
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
