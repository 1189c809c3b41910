import { afterEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { outcomeOf } from "../../fixtures/rejection.ts";
import { startGateway as startProcess } from "../../fixtures/start-gateway.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { openRawClient } from "../../fixtures/raw-http-client.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { METRICS, metricsUrl, readMetrics } from "./read-metrics.ts";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

async function start(): Promise<{ readonly rig: Rig; readonly url: string }> {
  rig = await startRig(METRICS);
  return { rig, url: await metricsUrl(rig.gateway) };
}

describe("the address of metrics", () => {
  test("has them in the form that a reader prefers", async () => {
    const { url } = await start();
    const typeFor = async (accept: string | undefined): Promise<string> => {
      const response = await fetch(url, { headers: accept === undefined ? {} : { accept } });
      const text = await response.text();
      const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
      expect(text.endsWith("# EOF\n")).toBe(type === "application/openmetrics-text");
      return type;
    };
    const open = "application/openmetrics-text";
    expect(await typeFor(undefined)).toBe("text/plain");
    expect(await typeFor("*/*")).toBe("text/plain");
    expect(await typeFor("text/html")).toBe("text/plain");
    expect(await typeFor(`${open};version=1.0.0`)).toBe(open);
    expect(await typeFor(`${open};version="0.0.1";q=0.75, text/plain;q=0.5`)).toBe(open);
    expect(await typeFor(`${open};q=0.2, text/plain;q=0.5`)).toBe("text/plain");
    expect(await typeFor(`${open};q=0`)).toBe("text/plain");
    expect(await typeFor(`${open};version=7.0.0`)).toBe("text/plain");
    // What is named more exactly counts, wherever it is.
    expect(await typeFor("text/plain;q=0, */*")).toBe(open);
    expect(await typeFor(`*/*, ${open};q=0.9, text/*;q=0.1`)).toBe(open);
    expect(await typeFor(`${open};q=0.9, ${open};version=1.0.0;q=0.1, text/plain;q=0.5`)).toBe("text/plain");
    // What Prometheus 3 sends.
    const escaped = "escaping=allow-utf-8";
    expect(
      await typeFor(
        `${open};version=1.0.0;${escaped};q=0.5,${open};version=0.0.1;q=0.4,text/plain;version=1.0.0;${escaped};q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
      ),
    ).toBe(open);
    // What Prometheus 2 sends.
    const prometheus = `${open};version=1.0.0,${open};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
    expect(await typeFor(prometheus)).toBe(open);
  });

  test("is read without a Host too, or with one that is none", async () => {
    const { url } = await start();
    const ask = async (head: string): Promise<number> => {
      await using client = await openRawClient(Number(new URL(url).port));
      await client.send(`${head}\r\n\r\n`);
      return (await client.head()).status;
    };
    expect(await ask("GET /metrics HTTP/1.0")).toBe(200);
    expect(await ask("GET /other HTTP/1.0")).toBe(404);
    expect(await ask("GET /metrics HTTP/1.1\r\nHost: a b")).toBe(200);
    expect(await ask("GET /other HTTP/1.1\r\nHost: a b\u0080")).toBe(404);
  });

  test("has nothing else, and takes no other method", async () => {
    const { rig, url } = await start();
    const statusOf = async (path: string, init?: RequestInit) => (await fetch(new URL(path, url), init)).status;
    expect(await statusOf("/")).toBe(404);
    expect(await statusOf("/v1/models")).toBe(404);
    expect(await statusOf("/metrics", { method: "POST", body: "x" })).toBe(405);
    expect(await statusOf("/metrics", { method: "HEAD" })).toBe(200);
    expect((await fetch(`${rig.gateway.url}/metrics`)).status).toBe(404);
  });

  test("is read many times at once for the price of one", async () => {
    const { url } = await start();
    const reads = await Promise.all(Array.from({ length: 6 }, () => readMetrics(url)));
    expect(new Set(reads.map(({ text }) => text)).size).toBeLessThanOrEqual(6);
  });

  test("that is in use by somebody else is why the gateway does not start", async () => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const settings = { ...METRICS, TELEMETRY_METRICS_PORT: String(taken.port) };
    try {
      const why = `cannot listen on 127.0.0.1:${taken.port} (TELEMETRY_METRICS_HOST, TELEMETRY_METRICS_PORT): it is in use`;
      expect(await outcomeOf(startGateway(settings))).toThrow(why);
      for (const workers of ["1", "2"]) {
        const failed = await outcomeOf(startProcess({ ...settings, SERVER_WORKERS: workers }));
        expect(failed).toThrow(why);
        expect(failed).toThrow("ended with 1");
      }
    } finally {
      await taken.stop(true);
    }
  });

  test("answers while the gateway drains, and ends with it", async () => {
    const { rig, url } = await start();
    const gate = createGate();
    rig.provider.answerAlways(() =>
      sse([dataEvent({ choices: [] }), dataEvent("[DONE]")], { gaps: [undefined, gate] }),
    );
    const { client } = await rig.call({
      target: "/v1/chat/completions",
      body: { model: "openai/m", messages: [{ role: "user", content: "hi" }], stream: true },
    });
    await client.head();
    await client.nextChunk();
    const ended = rig.gateway.end();
    expect((await readMetrics(url)).sum("inference_gateway_requests_in_flight")).toBe(1);
    gate.open();
    await client.body();
    expect(await ended).toBe(0);
    expect(await outcomeOf(fetch(url))).toThrow();
  });
});

test("so many models that nobody lists have names, the others are counted together, and all can be read", async () => {
  const { rig, url } = await start();
  rig.provider.answerAlways(() => json(200, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }));
  const client = await rig.connect();
  const count = 300;
  for (let index = 0; index < count; index += 1) {
    const body = { model: `openai/m-${index}`, messages: [{ role: "user", content: "hi" }] };
    await client.request("POST", "/v1/chat/completions", { body: JSON.stringify(body) });
    await client.head();
    await client.body();
  }
  const metrics = await readMetrics(url);
  const name = "gen_ai_server_request_duration_seconds_count";
  expect(metrics.sum(name)).toBe(count);
  expect(metrics.labelsOf(name).length).toBe(251);
  expect(metrics.sum(name, { gen_ai_request_model: "other" })).toBe(count - 250);
});
