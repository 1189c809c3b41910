import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { AUDIENCE, startTokenIssuer } from "../fixtures/token-issuer.ts";
import { json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { createSigningKey } from "../fixtures/signing-key.ts";
import { within } from "../fixtures/within.ts";
import { startEgressProxy } from "../egress/egress-proxy.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { createGateway } from "../../src/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openReloadable, until } from "./reloadable.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

test("the issuer's keys are known on: while it is down, and it is not asked again", async () => {
  const key = await createSigningKey("ES256", "key-1");
  await using issuer = startTokenIssuer(key);
  const settings = (more: Readonly<Record<string, string>>) => ({
    AUTH_ENABLED: "true",
    AUTH_OIDC_ISSUER: issuer.url,
    AUTH_OIDC_CLIENT_ID: AUDIENCE,
    ...more,
  });
  await using gateway = await openReloadable(settings({}));
  const token = await issuer.sign(key);
  const status = async (): Promise<number> =>
    (await gateway.post("/v1/nothing", {}, { authorization: `Bearer ${token}` })).status;
  expect(await status()).toBe(404);
  const asked = { ...issuer.asked };
  issuer.breakDown(true);
  await gateway.apply(settings({ ERROR_FORMAT: "openai" }));
  expect([await status(), issuer.asked]).toEqual([404, asked]);
  await gateway.apply(settings({ AUTH_OIDC_CLIENT_ID: "another" }));
  expect(await status()).toBe(503);
});

test("requests of before count as in flight, and what is refused for them is accepted when they are over", async () => {
  const gate = createGate();
  await using provider = await startMockProvider();
  provider.answerAlways(({ target }) =>
    target.endsWith("/models")
      ? json(200, { data: [] })
      : sse(["data: 1\n\n", "data: [DONE]\n\n"], { gaps: [undefined, gate] }),
  );
  const base = { OPENAI_API_URL: `${provider.url}/v1`, OPENAI_API_KEY: "sk" };
  await using gateway = await openReloadable(base);
  const stream = await gateway.chat("openai/m", { stream: true });
  await gateway.apply({ ...base, SERVER_MAX_CONCURRENT_REQUESTS: "1" });
  expect((await gateway.post("/v1/nothing", {})).status).toBe(503);
  gate.open();
  expect(await stream.text()).toEndWith("data: [DONE]\n\n");
  expect((await gateway.post("/v1/nothing", {})).status).toBe(404);
});

test("calls take the way of the proxy that is set, and of none if none is", async () => {
  await using provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  await using proxy = await startEgressProxy({ "provider.invalid:80": provider.port });
  const base = { OPENAI_API_URL: "http://provider.invalid/v1", OPENAI_API_KEY: "sk" };
  await using gateway = await openReloadable(base);
  const status = async (): Promise<number> => (await gateway.chat("openai/m")).status;
  expect(await status()).toBe(502);
  await gateway.apply({ ...base, CLIENT_PROXY: proxy.url });
  expect(await status()).toBe(200);
  await gateway.apply({ ...base, CLIENT_PROXY: proxy.url, ENABLE_VISION: "true" });
  expect(await status()).toBe(200);
  await gateway.apply(base);
  expect(await status()).toBe(502);
});

test("TLS: other files are served to new connections; the same certificate closes none", async () => {
  const folder = scratchFolder("gateway-reload");
  const write = async (name: string) => {
    const { cert, key } = await createSelfSignedCertificate();
    const paths = {
      SERVER_TLS_CERT_PATH: join(folder, `${name}.pem`),
      SERVER_TLS_KEY_PATH: join(folder, `${name}.key`),
    };
    writeFileSync(paths.SERVER_TLS_CERT_PATH, cert);
    writeFileSync(paths.SERVER_TLS_KEY_PATH, key);
    return paths;
  };
  const [first, second] = [await write("first"), await write("second")];
  await using gateway = await openReloadable(first);
  const open = (): Promise<TLSSocket> => {
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const port = Number(new URL(gateway.url).port);
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => resolve(socket));
    socket.on("error", reject);
    return within(promise, 5000, "the handshake");
  };
  const ask = (socket: TLSSocket): Promise<string> => {
    const answered = new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(bytes.toString())));
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    return within(answered, 5000, "an answer");
  };
  const kept = await open();
  const { fingerprint } = kept.getPeerCertificate();
  expect(await ask(kept)).toStartWith("HTTP/1.1 200");
  await gateway.apply({ ...first, ERROR_FORMAT: "openai" });
  const answer = await ask(kept);
  expect([answer.startsWith("HTTP/1.1 200"), /connection: close/i.test(answer)]).toEqual([true, false]);

  const changes = await gateway.apply(second);
  expect(changes).toEqual({
    changed: ["ERROR_FORMAT", "SERVER_TLS_CERT_PATH", "SERVER_TLS_KEY_PATH"],
    needRestart: [],
  });
  const fresh = await open();
  expect(fresh.getPeerCertificate().fingerprint).not.toBe(fingerprint);

  const off = await gateway.apply({ ERROR_FORMAT: "openai" });
  expect(off).toEqual({ changed: ["ERROR_FORMAT"], needRestart: ["SERVER_TLS_CERT_PATH", "SERVER_TLS_KEY_PATH"] });
  const still = await open();
  expect(still.getPeerCertificate().fingerprint).toBe(fresh.getPeerCertificate().fingerprint);
  for (const socket of [kept, fresh, still]) socket.destroy();
});

test("nothing is left of a configuration that no request is on", async () => {
  await using provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  const load = (count: number) => {
    const loaded = loadConfig({
      SERVER_PORT: "0",
      OPENAI_API_URL: `${provider.url}/v1`,
      OPENAI_API_KEY: `sk-${count}`,
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: `key-${count}`,
    });
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    return loaded.config;
  };
  const gateway = await createGateway(load(0), {
    log: createLog({ level: "silent", environment: "test" }, { write() {} }),
    version: "test",
  });
  const url = (await gateway.listen()).url.replace("localhost", "127.0.0.1");
  const configs: WeakRef<object>[] = [];
  const applyNext = async (count: number): Promise<void> => {
    const config = load(count);
    // A snapshot has a configuration of its own, but not of these.
    configs.push(new WeakRef(config.mcpServers));
    await gateway.apply(config);
    const headers = { authorization: `Bearer key-${count}` };
    const body = JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "hi" }] });
    const chat = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body, keepalive: false });
    expect([chat.status, await chat.text()]).toEqual([200, '{"data":[]}']);
  };
  for (let count = 1; count <= 40; count += 1) await applyNext(count);
  const left = (): number => {
    Bun.gc(true);
    return configs.filter((config) => config.deref() !== undefined).length;
  };
  // The last one is in use, and what the stack of a function has held may be there for a while.
  await until(() => left() <= 4, "configurations of before are freed");
  await gateway.drain(() => {});
});
