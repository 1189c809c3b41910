import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { json } from "../../fixtures/answers.ts";
import { outcomeOf } from "../../fixtures/rejection.ts";
import { createSelfSignedCertificate } from "../../fixtures/self-signed-certificate.ts";
import { type GatewayProcess, startGateway } from "../../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { runToEnd } from "../run-to-end.ts";
import { connectToEach, connectToWorker, workerPids } from "./worker-processes.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

// Every test starts several processes on a machine that may be busy.

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };

/** Waits for a log line of every worker. */
async function loggedByEach(gateway: GatewayProcess, msg: string): Promise<void> {
  for (const worker of [1, 2]) await gateway.logged((line) => line["msg"] === msg && line["worker"] === worker);
}

describe("two workers", () => {
  const keys = join(scratchFolder("gateway-workers"), "keys");
  let rig: Rig<GatewayProcess>;
  beforeAll(async () => {
    writeFileSync(keys, "old-key\n");
    rig = await startRig({ SERVER_WORKERS: "2", AUTH_ENABLED: "true", AUTH_API_KEYS: `@${keys}` }, startGateway);
    rig.provider.answerAlways(() => json(200, {}));
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** The statuses that a worker answers requests with these keys by. */
  async function statuses(client: Awaited<ReturnType<Rig["connect"]>>, ...credentials: string[]): Promise<number[]> {
    const all: number[] = [];
    for (const key of credentials) {
      await client.request("GET", "/v1/models", { headers: { authorization: `Bearer ${key}` } });
      all.push((await client.head()).status);
      await client.body();
    }
    return all;
  }

  test("share one port, which the log tells once, and answer for themselves whether they are ready", async () => {
    const answers = await connectToEach(rig.gateway);
    expect(answers.map(({ ready }) => ready)).toEqual([
      { message: "OK", worker: 1, workers: { up: 2, of: 2 } },
      { message: "OK", worker: 2, workers: { up: 2, of: 2 } },
    ]);
    const listening = rig.gateway.log.filter(({ msg }) => msg === "listening");
    expect(listening).toEqual([expect.objectContaining({ url: rig.gateway.url, workers: 2 })]);
    expect(await (await fetch(`${rig.gateway.url}/health`)).json()).toEqual({ message: "OK" });
  });

  test("are seen as healthy by --healthcheck", async () => {
    const { code, stdout } = await runToEnd(["--healthcheck"], {
      SERVER_PORT: String(rig.gateway.port),
      SERVER_WORKERS: "2",
    });
    expect([code, stdout]).toEqual([0, "healthy\n"]);
  });

  test("take new keys on SIGHUP", async () => {
    const clients = (await connectToEach(rig.gateway)).map(({ client }) => client);
    for (const client of clients) expect(await statuses(client, "old-key", "new-key")).toEqual([200, 401]);
    writeFileSync(keys, "new-key\n");
    rig.gateway.process.kill("SIGHUP");
    await loggedByEach(rig.gateway, "reloaded");
    for (const client of clients) expect(await statuses(client, "old-key", "new-key")).toEqual([401, 200]);
  });

  test("write whole log lines that name them, also all at once", async () => {
    const connections = await Promise.all(Array.from({ length: 60 }, () => connectToWorker(rig.gateway)));
    const id = "x".repeat(128);
    const headers = { authorization: "Bearer none", "x-request-id": id };
    // Lines of earlier tests may still be on their way.
    const written = () => rig.gateway.log.filter(({ request_id }) => request_id === id);
    await Promise.all(
      connections.map(async ({ client }) => {
        for (let count = 0; count < 5; count += 1) {
          await client.request("POST", "/v1/chat/completions", { headers, body: JSON.stringify(CHAT) });
          await client.head();
          await client.body();
        }
      }),
    );
    await rig.gateway.logged(() => written().length >= 300);
    const lines = written();
    expect(lines).toHaveLength(300);
    expect(new Set(lines.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    // Whatever was torn would not have been read as a line.
    const { stdout } = rig.gateway.output();
    expect(stdout.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
  });

  test("are replaced if one is killed, while the other goes on", async () => {
    const [first, second] = await connectToEach(rig.gateway);
    const pid = workerPids(rig.gateway).get(1) ?? 0;
    process.kill(pid, "SIGKILL");
    expect((await first?.client.untilClosed())?.by).toBe("peer");
    await rig.gateway.logged(({ msg, worker }) => msg === "worker ended, starting it again" && worker === 1);
    await second?.client.request("GET", "/health");
    expect((await second?.client.head())?.status).toBe(200);
    await rig.gateway.logged((line) => line["msg"] === "worker is up" && line["worker"] === 1 && line["pid"] !== pid);
    const again = await connectToEach(rig.gateway);
    expect(again.map(({ ready }) => [ready.worker, ready.workers.up])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    // It has the settings and the keys that the others have by now.
    expect(await statuses(again[0]?.client ?? (await rig.connect()), "old-key", "new-key")).toEqual([401, 200]);
  });

  test("are replaced if one is asked to end, after its requests", async () => {
    const [, second] = await connectToEach(rig.gateway);
    const pid = workerPids(rig.gateway).get(2) ?? 0;
    process.kill(pid, "SIGTERM");
    await rig.gateway.logged((line) => line["msg"] === "worker ended, starting it again" && line["reason"] === 0);
    expect((await second?.client.untilClosed())?.by).toBe("peer");
    await rig.gateway.logged((line) => line["msg"] === "worker is up" && line["worker"] === 2 && line["pid"] !== pid);
  });
});

test("TLS: both workers serve the certificate, and a new one after SIGHUP", async () => {
  const folder = scratchFolder("gateway-workers");
  const paths = { SERVER_TLS_CERT_PATH: join(folder, "cert.pem"), SERVER_TLS_KEY_PATH: join(folder, "key.pem") };
  const certificates = [await createSelfSignedCertificate(), await createSelfSignedCertificate()];
  const write = (index: number): void => {
    writeFileSync(paths.SERVER_TLS_CERT_PATH, certificates[index]?.cert ?? "");
    writeFileSync(paths.SERVER_TLS_KEY_PATH, certificates[index]?.key ?? "");
  };
  write(0);
  await using gateway = await startGateway({ SERVER_WORKERS: "2", ...paths });
  /** The workers that answer a client which trusts one of the certificates only. */
  const trusted = async (index: number): Promise<Set<number>> => {
    const found = new Set<number>();
    for (let tries = 0; tries < 40 && found.size < 2; tries += 1) {
      const ca = certificates[index]?.cert ?? "";
      const response = await fetch(`${gateway.url}/health/ready`, { keepalive: false, tls: { ca } });
      found.add(((await response.json()) as { worker: number }).worker);
    }
    return found;
  };
  expect(await trusted(0)).toEqual(new Set([1, 2]));
  write(1);
  gateway.process.kill("SIGHUP");
  await loggedByEach(gateway, "reloaded");
  expect(await trusted(1)).toEqual(new Set([1, 2]));
  expect(await outcomeOf(trusted(0))).toThrow();
});

test("a worker that is replaced after bad files were put in place serves what the others serve", async () => {
  const folder = scratchFolder("gateway-workers");
  const keys = join(folder, "keys");
  const paths = { SERVER_TLS_CERT_PATH: join(folder, "cert.pem"), SERVER_TLS_KEY_PATH: join(folder, "key.pem") };
  const { cert, key } = await createSelfSignedCertificate();
  const writeAll = (keyFile: string, certificate: string, privateKey: string): void => {
    writeFileSync(keys, keyFile);
    writeFileSync(paths.SERVER_TLS_CERT_PATH, certificate);
    writeFileSync(paths.SERVER_TLS_KEY_PATH, privateKey);
  };
  writeAll("good-key\n", cert, key);
  await using gateway = await startGateway({
    SERVER_WORKERS: "2",
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: `@${keys}`,
    OPENAI_API_KEY: "sk-x",
    ...paths,
  });
  writeAll("a bad key\n", "no certificate", "no key");
  gateway.process.kill("SIGHUP");
  await loggedByEach(gateway, "not reloaded; what was loaded before stays");
  const pids = [...workerPids(gateway).values()];
  for (const pid of pids) {
    const worker = gateway.log.find((line) => line["pid"] === pid)?.["worker"];
    process.kill(pid, "SIGKILL");
    await gateway.logged((line) => line["msg"] === "worker is up" && line["worker"] === worker && line["pid"] !== pid);
  }
  await gateway.logged((line) => String(line["msg"]).startsWith("started with what the other workers have"));
  const seen = new Set<number>();
  for (let tries = 0; tries < 40 && seen.size < 2; tries += 1) {
    const ready = await fetch(`${gateway.url}/health/ready`, { keepalive: false, tls: { ca: cert } });
    seen.add(((await ready.json()) as { worker: number }).worker);
    const headers = { authorization: "Bearer good-key" };
    const asked = await fetch(`${gateway.url}/v1/nothing`, { keepalive: false, tls: { ca: cert }, headers });
    expect(asked.status).toBe(404);
  }
  expect(seen).toEqual(new Set([1, 2]));
  // What SIGHUP then finds is read as it is.
  writeAll("other-key\n", cert, key);
  const reloads = gateway.log.length;
  gateway.process.kill("SIGHUP");
  await gateway.logged((line) => line["msg"] === "reloaded" && gateway.log.indexOf(line) >= reloads);
});

test("--demo answers from every worker", async () => {
  await using gateway = await startGateway({ SERVER_WORKERS: "2" }, ["--demo"]);
  const body = JSON.stringify({ model: "demo/demo-chat", messages: [{ role: "user", content: "Hello!" }] });
  const answers = new Set<string>();
  for (const { client } of await connectToEach(gateway)) {
    await client.request("POST", "/v1/chat/completions", { body });
    expect((await client.head()).status).toBe(200);
    answers.add((await client.body()).text);
  }
  expect(answers.size).toBe(1);
});

test("one worker is one process", async () => {
  await using gateway = await startGateway({ SERVER_WORKERS: "1" });
  const { pid } = gateway.process;
  expect(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")).toBe("");
  expect(await (await fetch(`${gateway.url}/health/ready`)).json()).toEqual({ message: "OK" });
  expect(gateway.log.every((line) => !("worker" in line))).toBe(true);
});
