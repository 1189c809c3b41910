import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { workerPids } from "../cli/workers/worker-processes.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const file = (): string => join(scratchFolder("gateway-reload"), "gateway.env");

/** Writes the file, sends SIGHUP, and waits for as many lines that say how it went. */
async function reload(gateway: GatewayProcess, path: string, content: string | undefined, count = 1) {
  if (content === undefined) rmSync(path);
  else writeFileSync(path, content);
  const told = () => gateway.log.filter(({ msg }) => /^(not )?reloaded/.test(String(msg)));
  const before = told().length;
  gateway.process.kill("SIGHUP");
  await gateway.logged(() => told().length >= before + count);
  return told().slice(before);
}

test("SIGHUP applies the file of settings, says what changed, and cuts nothing", async () => {
  await using provider = await startMockProvider();
  const gate = createGate();
  provider.answerAlways(({ target }) =>
    target.endsWith("/models")
      ? json(200, { data: [] })
      : sse(["data: 1\n\n", "data: [DONE]\n\n"], { gaps: [undefined, gate] }),
  );
  const path = file();
  const base = `OPENAI_API_URL=${provider.url}/v1\n`;
  writeFileSync(path, `${base}OPENAI_API_KEY=sk-old-secret\n`);
  await using gateway = await startGateway({}, ["--env-file", path]);
  const chat = () =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      keepalive: false,
      body: JSON.stringify({ model: "openai/m", stream: true, messages: [{ role: "user", content: "hi" }] }),
    });
  const stream = await chat();

  const [applied] = await reload(
    gateway,
    path,
    `${base}OPENAI_API_KEY=sk-new-secret\nDISALLOWED_MODELS=openai/m\nSERVER_HOST=0.0.0.0\n`,
  );
  expect(applied).toMatchObject({
    msg: "reloaded",
    changed: ["DISALLOWED_MODELS", "OPENAI_API_KEY"],
    needs_restart: ["SERVER_HOST"],
  });
  expect((await chat()).status).toBe(403);

  const [refused] = await reload(gateway, path, `${base}OPENAI_API_KEY=sk-3\nLOG_FORMAT=loud\nMODELS_TIMEOUT=soon\n`);
  expect(refused).toMatchObject({ level: "error", msg: "not reloaded; what was loaded before stays" });
  expect(String(refused?.["reason"])).toContain("LOG_FORMAT");
  expect(String(refused?.["reason"])).toContain("MODELS_TIMEOUT");
  expect((await chat()).status).toBe(403);

  const [gone] = await reload(gateway, path, undefined);
  expect(String(gone?.["reason"])).toContain("no such file");
  expect((await chat()).status).toBe(403);

  gate.open();
  expect(await stream.text()).toBe("data: 1\n\ndata: [DONE]\n\n");
  const [back] = await reload(gateway, path, `${base}OPENAI_API_KEY=sk-new-secret\n`);
  expect(back).toMatchObject({ msg: "reloaded", changed: ["DISALLOWED_MODELS"] });
  expect(back).not.toHaveProperty("needs_restart");
  expect(await (await chat()).text()).toBe("data: 1\n\ndata: [DONE]\n\n");
  const { stdout, stderr } = gateway.output();
  expect(stdout + stderr).not.toMatch(/sk-(old|new)-secret|sk-3/);
});

test("LOG_LEVEL changes with it", async () => {
  const path = file();
  writeFileSync(path, "");
  await using gateway = await startGateway({}, ["--env-file", path]);
  await reload(gateway, path, "LOG_LEVEL=debug\n");
  await fetch(`${gateway.url}/health`);
  await gateway.logged(({ route, level }) => route === "/health" && level === "debug");
});

test("each worker applies it, and so does one that is started later", async () => {
  const path = file();
  writeFileSync(path, "OPENAI_API_KEY=sk-x\n");
  await using gateway = await startGateway({ SERVER_WORKERS: "2" }, ["--env-file", path]);
  const statuses = async (): Promise<Set<number>> => {
    const seen = new Set<number>();
    const workers = new Set<number>();
    for (let tries = 0; tries < 60 && workers.size < 2; tries += 1) {
      const ready = await fetch(`${gateway.url}/health/ready`, { keepalive: false });
      workers.add(((await ready.json()) as { worker: number }).worker);
      seen.add((await fetch(`${gateway.url}/v1/nothing`, { method: "POST", keepalive: false })).status);
    }
    expect(workers.size).toBe(2);
    return seen;
  };
  expect(await statuses()).toEqual(new Set([404]));
  const lines = await reload(gateway, path, "AUTH_ENABLED=true\nAUTH_API_KEYS=key\nSERVER_HOST=0.0.0.0\n", 2);
  expect(lines.map(({ worker }) => worker).sort()).toEqual([1, 2]);
  for (const line of lines) {
    expect(line).toMatchObject({
      changed: ["AUTH_ENABLED", "AUTH_API_KEYS", "OPENAI_API_KEY"],
      needs_restart: ["SERVER_HOST"],
    });
  }
  expect(await statuses()).toEqual(new Set([401]));
  for (const [worker, pid] of workerPids(gateway)) {
    process.kill(pid, "SIGKILL");
    await gateway.logged((line) => line["msg"] === "worker is up" && line["worker"] === worker && line["pid"] !== pid);
  }
  expect(await statuses()).toEqual(new Set([401]));
  const [refused, ...more] = await reload(gateway, path, "AUTH_ENABLED=true\n", 2);
  expect([refused, ...more].map((line) => line?.["level"])).toEqual(["error", "error"]);
  const gone = await reload(gateway, path, undefined);
  expect(gone).toEqual([expect.objectContaining({ level: "error" })]);
  expect(await statuses()).toEqual(new Set([401]));
});
