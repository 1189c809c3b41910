import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "../../../src/guide/files.ts";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { within } from "../../fixtures/within.ts";
import { hasPrometheus, promtool, startPrometheus } from "./prometheus-server.ts";
import { METRICS, metricsUrl, readMetrics } from "./read-metrics.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const RULES = FILES.get("prometheus-rules.yaml")?.text ?? "";

/** The answer to a query: each result with its labels. */
interface Result {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
  }[];
}

let rig: Rig;
afterEach(() => rig[Symbol.asyncDispose]());

/** A gateway that has answered a few requests of each kind, well and badly, hostile names among them. */
async function start(): Promise<string> {
  rig = await startRig(METRICS);
  const usage = { prompt_tokens: 9, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 2 } };
  const events = [dataEvent({ choices: [{ delta: { content: "a" } }] }), dataEvent({ choices: [], usage })];
  rig.provider.answerAlways(({ body }) => {
    const text = body.toString();
    if (text.includes("broken")) return json(500, { error: { message: "no" } });
    return text.includes('"stream":true') ? sse(events, { done: true }) : json(200, { choices: [], data: [], usage });
  });
  const messages = [{ role: "user", content: "hi" }];
  for (const [target, body] of [
    ["/v1/chat/completions", { model: "openai/m", messages }],
    ["/v1/chat/completions", { model: "openai/m", messages, stream: true }],
    ["/v1/chat/completions", { model: 'openai/"\\\n{}= #', messages }],
    ["/v1/chat/completions", { model: "openai/broken", messages }],
    ["/v1/embeddings", { model: "openai/m", input: "hi" }],
    ["/nothing", {}],
  ] as const) {
    const { client, id } = await rig.call({ target, body });
    await client.head();
    await client.body();
    await rig.settled(id);
  }
  return metricsUrl(rig.gateway);
}

describe.skipIf(!hasPrometheus)("Prometheus", () => {
  test("has nothing against the metrics, nor against the alerts", async () => {
    const { text } = await readMetrics(await start());
    expect(await promtool(["check", "metrics"], text)).toEqual({ code: 0, said: "" });
    // It does look.
    expect((await promtool(["check", "metrics"], "# TYPE a counter\na 1\n")).code).not.toBe(0);
    const file = join(scratchFolder("rules"), "rules.yaml");
    writeFileSync(file, RULES);
    expect((await promtool(["check", "rules", file])).code).toBe(0);
  });

  test("reads them, in both forms, and evaluates the alerts over them", async () => {
    const url = await start();
    await using prometheus = await startPrometheus(new URL(url).host, `${RULES}${TRIGGERED}`);
    const patience = 30_000;
    const value = (query: string) => prometheus.until("query", { query }, ({ result }: Result) => result[0]?.value[1]);
    const chats = 'inference_gateway_requests_total{route="/v1/chat/completions",outcome="answered",status="200"}';
    expect(await within(value(chats), patience, "a count")).toBe("3");
    const tokens = 'gen_ai_client_token_usage_sum{gen_ai_token_type="reasoning",gen_ai_operation_name="chat"}';
    expect(await within(value(`sum(${tokens})`), patience, "tokens")).toBe("6");
    const quantile = "histogram_quantile(1, sum by (le) (gen_ai_client_token_usage_bucket{gen_ai_token_type='input'}))";
    expect(await within(value(quantile), patience, "a quantile")).toBe("16");
    expect(await prometheus.ask("targets")).toMatchObject({ activeTargets: [{ health: "up", lastError: "" }] });
    const hostile = await prometheus.ask("label/gen_ai_request_model/values");
    expect(hostile).toContain('"\\\n{}= #');
    expect(hostile).not.toContain("broken");
    const isFiring = ({
      alerts,
    }: {
      readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
    }) => alerts.find(({ labels }) => labels["alertname"] === "Triggered")?.labels["error_type"];
    expect(await within(prometheus.until("alerts", {}, isFiring), patience, "an alert")).toBe("provider_error");
    const metadata = await prometheus.ask("metadata", { metric: "gen_ai_server_request_duration_seconds" });
    expect(metadata).toMatchObject({
      gen_ai_server_request_duration_seconds: [{ type: "histogram", unit: "seconds" }],
    });
  });
});

/** Beside the alerts of the guide, which take minutes. */
const TRIGGERED = `
  - name: of-the-test
    rules:
      - alert: Triggered
        expr: inference_gateway_attempts_total{error_type!=""} > 0
`;
