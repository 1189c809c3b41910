import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";
import { createGate } from "../../fixtures/gate.ts";
import { startOtlpReceiver } from "../../fixtures/otlp-receiver.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { createSelfSignedCertificate } from "../../fixtures/self-signed-certificate.ts";
import { startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { CHAT } from "../../routes/requests.ts";
import { startTraced, tracingTo } from "../traces/traced-gateway.ts";
import { createPost } from "../../../src/telemetry/otlp/post.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const NEVER = { OTEL_BSP_SCHEDULE_DELAY: "600000" };

test("what waits is sent when the gateway ends", async () => {
  await using traced = await startTraced(NEVER);
  await (await traced.started.post("/v1/chat/completions", CHAT)).text();
  expect(traced.collector.requests).toEqual([]);
  await traced.started.gateway.end();
  expect(traced.collector.requests.map(({ spans }) => spans.length)).toEqual([2]);
});

test("a full batch is sent without delay, and the rest when the gateway ends", async () => {
  await using traced = await startTraced({ ...NEVER, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "4" });
  for (let count = 0; count < 5; count++) await (await traced.started.post("/v1/chat/completions", CHAT)).text();
  expect([(await traced.spans()).length, (await traced.spans()).length]).toEqual([4, 4]);
  await traced.started.gateway.end();
  expect(traced.collector.requests.map(({ spans }) => spans.length)).toEqual([4, 4, 2]);
});

test.each([429, 502, 503, 504])(
  "a batch that is answered with %p is sent again when the collector says",
  async (status) => {
    await using traced = await startTraced();
    let answers = 0;
    traced.collector.answerWith(
      () => new Response("", answers++ < 2 ? { status, headers: { "retry-after": "0" } } : { status: 200 }),
    );
    await (await traced.started.post("/v1/chat/completions", CHAT)).text();
    const [first, second, third] = [await traced.spans(), await traced.spans(), await traced.spans()];
    expect([second, third]).toEqual([first, first]);
    await traced.started.gateway.end();
    expect(traced.collector.requests).toHaveLength(3);
  },
);

test.each([
  ["400", { status: 400 }, "it answers with status 400"],
  ["a redirect", { status: 307, headers: { location: "/v1/traces" } }, "it answers with status 307"],
  ["503 for too long", { status: 503, headers: { "retry-after": "3600" } }, "it answers with status 503"],
])("a batch that is answered with %s is dropped, which the log says once", async (_, init, problem) => {
  await using traced = await startTraced();
  traced.collector.answerWith(() => new Response("", init));
  for (let count = 0; count < 2; count++) {
    await (await traced.started.post("/v1/chat/completions", CHAT)).text();
    await traced.spans();
  }
  const line = await traced.started.gateway.logged(({ signal }) => signal === "traces");
  expect(line).toMatchObject({ level: "warn", signal: "traces", problem });
  traced.collector.answerWith(() => new Response(""));
  await (await traced.started.post("/v1/chat/completions", CHAT)).text();
  await traced.spans();
  await traced.started.gateway.logged(({ msg }) => msg === "the collector takes what is sent to it again");
  expect(traced.started.gateway.log.filter(({ signal }) => signal === "traces")).toHaveLength(2);
  expect(traced.collector.requests).toHaveLength(3);
});

test("without a collector requests are answered, and the gateway ends", async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...tracingTo(nobody) }));
  const response = await started.post("/v1/chat/completions", CHAT);
  expect([response.status, await response.text()]).toEqual([200, "{}"]);
  await started.gateway.end();
  const line = await started.gateway.logged(({ signal }) => signal === "traces");
  expect(line["problem"]).toStartWith("it cannot be reached");
});

test("a collector that does not answer holds up neither requests nor the end", async () => {
  await using traced = await startTraced({ OTEL_EXPORTER_OTLP_TIMEOUT: "600000" });
  const gate = createGate();
  traced.collector.answerWith(async () => {
    await gate.opened;
    return new Response("");
  });
  for (let count = 0; count < 3; count++) {
    expect((await traced.started.post("/v1/chat/completions", CHAT)).status).toBe(200);
  }
  await traced.spans();
  await traced.started.gateway.stop();
  gate.open();
});

describe("the collector is called as the settings say", () => {
  test.each([
    ["the base URL", { OTEL_EXPORTER_OTLP_ENDPOINT: "/base/" }, "/base/v1/traces"],
    [
      "the URL of traces as it is",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "/no", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "/x/v1/traces" },
      "/x/v1/traces",
    ],
    [
      "the gateway's own setting",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "/no", TELEMETRY_TRACING_OTLP_ENDPOINT: "/" },
      "/v1/traces",
    ],
    ["one with a path", { TELEMETRY_TRACING_OTLP_ENDPOINT: "/own/v1/traces" }, "/own/v1/traces"],
  ])("%s", async (_, paths, expected) => {
    await using collector = startOtlpReceiver();
    const settings = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, collector.url + path]));
    const base = { TELEMETRY_TRACING_ENABLED: "true", OTEL_BSP_SCHEDULE_DELAY: "1" };
    await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...base, ...settings }));
    await (await started.post("/v1/chat/completions", CHAT)).text();
    expect((await collector.next()).path).toBe(expected);
  });

  test("headers, resource, gzip and JSON", async () => {
    await using traced = await startTraced({
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b,authorization=Bearer%20t",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "edge",
      OTEL_RESOURCE_ATTRIBUTES: "team=x%2Cy,service.version=9",
      ENVIRONMENT: "test",
    });
    await (await traced.started.post("/v1/chat/completions", CHAT)).text();
    const { headers, resource, scope, spans } = await traced.collector.next();
    expect(["x-key", "authorization", "content-encoding", "content-type"].map((name) => headers.get(name))).toEqual([
      "a b",
      "Bearer t",
      "gzip",
      "application/json",
    ]);
    expect(resource).toMatchObject({
      "service.name": "edge",
      "service.version": "9",
      team: "x,y",
      "deployment.environment.name": "test",
    });
    expect(scope.name).toBe("inference-gateway");
    expect(spans.map(({ name }) => name)).toEqual(["chat gpt-4o", "POST /v1/chat/completions"]);
  });

  test.each([
    ["inference-gateway", {}],
    ["of-attributes", { OTEL_RESOURCE_ATTRIBUTES: "service.name=of-attributes" }],
    ["set", { OTEL_RESOURCE_ATTRIBUTES: "service.name=of-attributes", OTEL_SERVICE_NAME: "set" }],
    ["of-attributes", { OTEL_RESOURCE_ATTRIBUTES: "service.name=of-attributes", OTEL_SERVICE_NAME: "" }],
  ])("by the name %s", async (name, settings) => {
    await using traced = await startTraced(settings);
    await (await traced.started.post("/v1/chat/completions", CHAT)).text();
    expect((await traced.collector.next()).resource).toMatchObject({ "service.name": name });
  });

  test("without asking for a compressed answer, which could be a bomb, and without unpacking one", async () => {
    let acceptEncoding: string | null = "";
    let asked = 0;
    const bomb = Bun.gzipSync(Buffer.alloc(20_000_000));
    await using collector = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch({ headers }) {
        acceptEncoding = headers.get("accept-encoding");
        asked += 1;
        return new Response(bomb, { headers: { "content-encoding": "gzip" } });
      },
    });
    let read = 0;
    const post = createPost(
      { url: collector.url.href, headers: {}, isJson: false, isCompressed: false, tls: undefined },
      () => async (url, init) => {
        const response = await fetch(url, init);
        const body = response.body?.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, to) {
              read += chunk.length;
              to.enqueue(chunk);
            },
          }),
        );
        return new Response(body ?? null, response);
      },
      Date.now,
    );
    expect(await post(new Uint8Array(1), new AbortController().signal)).toEqual({ kind: "taken", rejected: 0 });
    expect([acceptEncoding, asked]).toEqual(["identity", 1]);
    expect(read).toBeLessThanOrEqual(bomb.length);
  });

  test("over TLS, trusted by a certificate of its own, with one of the gateway's", async () => {
    const folder = scratchFolder("otlp");
    const server = await createSelfSignedCertificate("127.0.0.1");
    const client = await createSelfSignedCertificate("gateway");
    const write = (name: string, pem: string): string => {
      writeFileSync(join(folder, name), pem);
      return join(folder, name);
    };
    const settings = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: write("ca.pem", server.cert),
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: write("client.pem", client.cert),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: write("client.key", client.key),
    };
    const tls = { cert: server.cert, key: server.key, ca: client.cert, requestCert: true, rejectUnauthorized: true };
    await using collector = startOtlpReceiver({ tls });
    await using started = await startBesideProvider((url) => ({
      ...threeProviders(url),
      ...tracingTo(collector.url),
      ...settings,
    }));
    await (await started.post("/v1/chat/completions", CHAT)).text();
    expect((await collector.next()).spans).toHaveLength(2);
  });

  test("not at all if OTEL_SDK_DISABLED says so", async () => {
    await using off = await startTraced({ OTEL_SDK_DISABLED: "true", OTEL_LOGS_EXPORTER: "otlp" });
    await (await off.started.post("/v1/chat/completions", CHAT)).text();
    expect(off.started.takeCall().header("traceparent")).toBeUndefined();
    await off.started.gateway.end();
    expect(off.collector.requests).toEqual([]);
  });
});

test("a certificate that cannot be used stops the start, and is named", async () => {
  const given = { OTEL_EXPORTER_OTLP_CERTIFICATE: import.meta.path };
  const unusable = await rejectionOf(startTraced(given));
  expect(String(unusable)).toContain("OTEL_EXPORTER_OTLP_CERTIFICATE is not accepted");
  const missing = await rejectionOf(startTraced({ OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such" }));
  expect(String(missing)).toContain("/no/such cannot be read (ENOENT)");
  const empty = await rejectionOf(startTraced({ OTEL_EXPORTER_OTLP_CERTIFICATE: "/dev/null" }));
  expect(String(empty)).toContain("OTEL_EXPORTER_OTLP_CERTIFICATE is not accepted: /dev/null is empty");
});

test("the lines of the log are sent too, with the trace that they belong to", async () => {
  await using collector = startOtlpReceiver();
  await using started = await startBesideProvider((url) => ({
    ...{ ...threeProviders(url), ...tracingTo(collector.url) },
    ...{ OTEL_LOGS_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  }));
  await (await started.post("/v1/chat/completions", { messages: [] }, { "x-request-id": "logged-1" })).text();
  const line = await started.gateway.logged(({ request_id: id, msg }) => id === "logged-1" && msg === "request");
  await started.gateway.end();
  const logs = collector.requests.filter(({ path }) => path === "/v1/logs").flatMap((request) => request.logs);
  const record = logs.find(({ attributes }) => attributes["request_id"] === "logged-1");
  expect(record).toMatchObject({
    ...{ severityText: "warn", severityNumber: 13, body: "request", time: Date.parse(String(line["time"])) },
    traceId: String(line["trace_id"]),
    attributes: { route: "/v1/chat/completions", status: 400, failure: "invalid_request", client_gone: false },
  });
  expect(logs.some(({ severityText }) => severityText === "info")).toBe(true);
});
