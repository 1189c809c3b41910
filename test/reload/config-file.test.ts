import { afterAll, beforeAll, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { heapStats } from "bun:jsc";
import { createReloads, type ReloadParts } from "../../src/cli/reload-on-change.ts";
import { openService } from "../../src/cli/service.ts";
import { loadSource, readSource } from "../../src/config/config-source.ts";
import { watchFile } from "../../src/config/file/watch-file.ts";
import { BACKGROUND_TIMERS } from "../../src/core/deadlines.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { connectToEach, workerPids } from "../cli/workers/worker-processes.ts";
import { json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { forcedTransport, type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { until } from "./reloadable.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

interface ConfigState {
  readonly loaded_at: string;
  readonly version: string;
  readonly problem: string | null;
}

let provider: MockProvider;
beforeAll(async () => {
  provider = await startMockProvider();
});
afterAll(() => provider.stop());

const newPath = (): string => join(scratchFolder("gateway-config"), "gateway.yaml");

/** Puts a whole new file in the place of the one that is there. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const yaml = (more = ""): string =>
  `providers:\n  left: { base_url: "${provider.url}/v1", api_key: "\${KEY}" }\n${more}`;

const stateOf = async (url: string): Promise<ConfigState | undefined> => {
  const ready = await fetch(`${url}/health/ready`, { keepalive: false });
  return ((await ready.json()) as { config?: ConfigState }).config;
};

const told = (gateway: GatewayProcess) => gateway.log.filter(({ msg }) => /^(not )?reloaded/.test(String(msg)));

const chat = (url: string, stream = false, model = "left/m"): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    keepalive: false,
    body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "hi" }] }),
  });

test("saving the file applies it and cuts nothing; one that is not accepted changes nothing and is told", async () => {
  const gate = createGate();
  provider.answerAlways(({ target }) =>
    target.endsWith("/models")
      ? json(200, { data: [] })
      : sse(["data: 1\n\n", "data: [DONE]\n\n"], { gaps: [undefined, gate] }),
  );
  const path = newPath();
  writeFileSync(path, yaml());
  await using gateway = await startGateway({ KEY: "sk-of-the-environment" }, ["--config", path]);
  const first = await stateOf(gateway.url);
  expect(first).toMatchObject({ version: expect.stringMatching(/^[0-9a-f]{12}$/), problem: null });
  const stream = await chat(gateway.url, true);

  replace(path, yaml("policy: { disallowed_models: [left/m] }\n"));
  const applied = await gateway.logged(({ msg }) => msg === "reloaded");
  expect(applied).toMatchObject({ changed: ["DISALLOWED_MODELS"] });
  expect((await chat(gateway.url)).status).toBe(403);
  const second = await stateOf(gateway.url);
  expect(second?.version).not.toBe(first?.version);

  writeFileSync(path, yaml("policy: { disallowed_modls: [] }\nserver: { port: sk-secret }\n"));
  const refused = await gateway.logged(({ level }) => level === "error");
  expect(refused["reason"]).toContain(`${path}:3:11: policy.disallowed_modls is not known`);
  expect(await stateOf(gateway.url)).toEqual({
    ...(second as ConfigState),
    problem: "2 problems, the first in line 3, column 11; the log has more",
  });
  expect((await chat(gateway.url)).status).toBe(403);

  writeFileSync(path, "");
  await gateway.logged(({ reason }) => String(reason).includes("the file is empty"));
  expect((await chat(gateway.url)).status).toBe(403);

  gate.open();
  expect(await stream.text()).toBe("data: 1\n\ndata: [DONE]\n\n");
  replace(path, yaml());
  await gateway.logged(() => told(gateway).length === 4);
  expect(told(gateway).at(-1)).toMatchObject({ msg: "reloaded", changed: ["DISALLOWED_MODELS"] });
  expect(await stateOf(gateway.url)).toMatchObject({ version: first?.version, problem: null });
  expect((await chat(gateway.url)).status).toBe(200);
  expect(gateway.output().stdout).not.toContain("sk-of-the-environment");
});

test("each worker applies it, and one that is started later knows what is wrong with it", async () => {
  provider.answerAlways(() => json(200, { data: [] }));
  const path = newPath();
  writeFileSync(path, yaml("server: { workers: 2, port: 0 }\n"));
  await using gateway = await startGateway({ KEY: "sk", SERVER_PORT: "" }, ["--config", path]);
  const states = async (): Promise<readonly (ConfigState | undefined)[]> => {
    const connections = await connectToEach(gateway);
    for (const { client } of connections) client.leave();
    return connections.map(({ ready }) => (ready as { config?: ConfigState }).config);
  };
  const changed = yaml("server: { workers: 3, port: 1 }\nauth: { enabled: true, api_keys: [key] }\n");
  replace(path, changed);
  await gateway.logged(() => told(gateway).length === 2);
  for (const line of told(gateway)) {
    expect(line).toMatchObject({ changed: ["AUTH_ENABLED", "AUTH_API_KEYS"] });
    expect(line["needs_restart"]).toEqual(["SERVER_PORT", "SERVER_WORKERS"]);
  }
  expect((await chat(gateway.url)).status).toBe(401);
  replace(path, "auth: { enabled: yes }\n");
  await gateway.logged(() => told(gateway).length === 4);
  const bad = await states();
  expect(bad.map((state) => state?.problem)).toEqual(Array(2).fill("a problem in line 1, column 18; the log has more"));
  const [, [worker, pid] = []] = [...workerPids(gateway)];
  process.kill(Number(pid), "SIGKILL");
  await gateway.logged((line) => line["msg"] === "worker is up" && line["worker"] === worker && line["pid"] !== pid);
  expect((await states()).map((state) => [state?.version, state?.problem])).toEqual(
    bad.map((state) => [state?.version, state?.problem]),
  );
});

test("the file of ROUTING_CONFIG_PATH is applied by all workers when it is saved", async () => {
  provider.answerAlways(({ target }) => json(200, target.endsWith("/models") ? { data: [] } : { ok: true }));
  const path = newPath();
  const routing = (name: string, id = "left") =>
    `models: { ${name}: { strategy: round_robin, deployments: [{ provider: ${id}, model: m }] } }\n`;
  writeFileSync(path, routing("one"));
  await using gateway = await startGateway({
    ...{ CUSTOM_PROVIDERS: "left", LEFT_API_URL: `${provider.url}/v1`, LEFT_API_KEY: "sk", SERVER_WORKERS: "2" },
    ...{ ROUTING_ENABLED: "true", ROUTING_CONFIG_PATH: path },
  });
  expect((await chat(gateway.url, false, "one")).status).toBe(200);
  replace(path, routing("two"));
  await gateway.logged(() => told(gateway).length === 2);
  expect(told(gateway).map(({ changed }) => changed)).toEqual(Array(2).fill(["models.two", "models.one"]));
  for (let count = 0; count < 4; count += 1) expect((await chat(gateway.url, false, "two")).status).toBe(200);
  replace(path, routing("two", "lift"));
  await gateway.logged(() => told(gateway).length === 4);
  expect(told(gateway).at(-1)?.["reason"]).toContain(`${path}:1:67: models.two.deployments[0].provider is no provider`);
  expect((await chat(gateway.url, false, "two")).status).toBe(200);
});

/** Between two requests of a client: some of four are under way at most reloads, and the machine has time for others. */
const PAUSE_MS = 4;
const EVENTS = ["data: 1\n\n", "data: 2\n\n", "data: [DONE]\n\n"] as const;

/** Not the mock, which remembers every request. @param gate what streams of the model `held` wait for after their first event */
function startProvider(gate: Promise<void>) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      if (request.url.endsWith("/models")) return Response.json({ data: [] });
      const body = await request.text();
      if (!body.includes('"stream":true')) return Response.json({ ok: true });
      async function* events(): AsyncGenerator<string> {
        yield EVENTS[0];
        if (body.includes('"held"')) await gate;
        yield EVENTS[1] + EVENTS[2];
      }
      return new Response(events(), { headers: { "content-type": "text/event-stream" } });
    },
  });
}

/** A gateway in this process that serves what a file says, and watches it. */
async function openWatched(path: string) {
  const read = () =>
    readSource(
      // A comment in a stream that is held for long would be one thing too many.
      { KEY: "sk", SERVER_PORT: "0", STREAM_KEEPALIVE: "0s", ...forcedTransport() },
      { envFile: undefined, configFile: path },
    );
  const first = await read();
  if (!first.ok) throw new Error(first.problem);
  const { source } = first;
  const loaded = loadSource(source);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  let reloads = 0;
  const write = (line: string): void => void (reloads += /"(?:not )?reloaded/.test(line) ? 1 : 0);
  const log = createLog({ level: "info", environment: "test" }, { write });
  const service = await openService({ config: loaded.config, file: source.file, demo: false, version: "test", log });
  const timers = BACKGROUND_TIMERS;
  const watch = { timers };
  const apply: ReloadParts["apply"] = (again, from) => service.reload(again, from?.file);
  const { reloadIfChanged, reload } = createReloads({ source, read, apply, watch });
  const watched = watchFile(path, reloadIfChanged, watch);
  return {
    ...{ url: (await service.listen()).url.replace("localhost", "127.0.0.1"), reload, reloads: () => reloads },
    async [Symbol.asyncDispose]() {
      watched.close();
      await service.drain(() => {});
    },
  };
}

test("reload after reload under load loses nothing, applies every version, and leaves memory flat", async () => {
  const gate = Promise.withResolvers<void>();
  await using upstream = startProvider(gate.promise);
  const path = newPath();
  const providers = `providers:\n  left: { base_url: "http://127.0.0.1:${upstream.port}/v1", api_key: "\${KEY}" }\n`;
  writeFileSync(path, providers);
  await using gateway = await openWatched(path);
  const { url } = gateway;

  let isOver = false;
  let answered = 0;
  const ask = async (stream: boolean): Promise<void> => {
    while (!isOver) {
      const response = await chat(url, stream);
      const text = await response.text();
      expect([response.status, text]).toEqual([200, stream ? EVENTS.join("") : '{"ok":true}']);
      answered += 1;
      await Bun.sleep(PAUSE_MS);
    }
  };
  const held = await Promise.all(Array.from({ length: 10 }, () => chat(url, true, "left/held")));
  const load = Promise.all([ask(false), ask(true), ask(false), ask(true)]);
  /** Has the gateway read what is another file, the same one with other content, or what it has already. */
  const reload = async (count: number): Promise<void> => {
    const before = gateway.reloads();
    const more = `policy: { disallowed_models: [m-${count}] }\nserver: { max_json_depth: ${20 + (count % 9)} }\n`;
    const text = providers + more;
    if (count % 3 === 0) replace(path, text);
    else if (count % 3 === 1) writeFileSync(path, text);
    else gateway.reload();
    await until(() => gateway.reloads() > before, `reload ${count}`);
    expect(gateway.reloads()).toBe(before + 1);
    if (count % 3 === 2) return;
    const version = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12);
    expect(await stateOf(url)).toMatchObject({ version, problem: null });
  };
  const heap = (): number => {
    Bun.gc(true);
    return heapStats().heapSize;
  };
  for (let count = 0; count < 30; count += 1) await reload(count);
  const before = heap();
  for (let count = 30; count < 120; count += 1) await reload(count);
  isOver = true;
  await load;
  gate.resolve();
  for (const stream of held) expect(await stream.text()).toBe(EVENTS.join(""));
  await until(() => heap() < before * 1.15 + 1_000_000, "memory is what it was before the reloads");
  expect(answered).toBeGreaterThan(0);
});
