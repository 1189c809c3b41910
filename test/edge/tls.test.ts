import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { checkSettings } from "../cli/check-settings.ts";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { chunk, end, head, wait } from "../fixtures/script.ts";
import { createSelfSignedCertificate, createSelfSignedRsaCertificate } from "../fixtures/self-signed-certificate.ts";
import { startGateway } from "../fixtures/start-gateway.ts";
import { startGateway as startInProcess } from "../fixtures/start-in-process.ts";
import { startRig } from "../fixtures/start-rig.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

// Where the machine is busy, a gateway takes long to start.

async function writeCertificate(folder: string, create = createSelfSignedCertificate) {
  const { cert, key } = await create();
  const paths = { SERVER_TLS_CERT_PATH: join(folder, "cert.pem"), SERVER_TLS_KEY_PATH: join(folder, "key.pem") };
  writeFileSync(paths.SERVER_TLS_CERT_PATH, cert);
  writeFileSync(paths.SERVER_TLS_KEY_PATH, key);
  return paths;
}

/** The certificate and the protocol that a new connection gets. */
function shakeHands(port: number, options: object = {}): Promise<{ fingerprint: string; protocol: string | null }> {
  const shaken = new Promise<{ fingerprint: string; protocol: string | null }>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
      resolve({ fingerprint: socket.getPeerCertificate().fingerprint, protocol: socket.getProtocol() });
      socket.end();
    });
    socket.on("error", reject);
  });
  return within(shaken, 5000, "the handshake");
}

test("serves HTTPS, and takes a new certificate on SIGHUP without losing its port", async () => {
  const folder = scratchFolder("gateway-tls");
  const paths = await writeCertificate(folder);
  await using gateway = await startGateway(paths);
  expect(gateway.url).toStartWith("https://");
  const answer = await fetch(`${gateway.url}/health`, { tls: { rejectUnauthorized: false } });
  expect(await answer.json()).toEqual({ message: "OK" });
  const before = await shakeHands(gateway.port);
  expect(before.protocol).toBe("TLSv1.3");

  await writeCertificate(folder);
  gateway.process.kill("SIGHUP");
  await gateway.logged((line) => line["msg"] === "reloaded");
  expect((await shakeHands(gateway.port)).fingerprint).not.toBe(before.fingerprint);

  writeFileSync(paths.SERVER_TLS_CERT_PATH, "not a certificate");
  const kept = await shakeHands(gateway.port);
  gateway.process.kill("SIGHUP");
  const refused = await gateway.logged((line) => String(line["msg"]).startsWith("not reloaded"));
  expect(String(refused["reason"])).toContain("SERVER_TLS_CERT_PATH");
  expect((await shakeHands(gateway.port)).fingerprint).toBe(kept.fingerprint);
});

test("a new certificate cuts no request that is under way, and closes kept-alive connections between two", async () => {
  const folder = scratchFolder("gateway-tls");
  await using rig = await startRig(await writeCertificate(folder), startGateway);
  const { gateway, provider } = rig;
  const gate = createGate();
  provider.answerAlways(() => [
    head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" }),
    chunk("data: 1\n\n"),
    wait(gate),
    chunk("data: [DONE]\n\n"),
    end(),
  ]);
  const kept = connect({ host: "127.0.0.1", port: gateway.port, rejectUnauthorized: false });
  const keptClosed = new Promise<void>((resolve) => kept.on("close", () => resolve()).on("error", () => {}));
  kept.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  await within(new Promise((resolve) => kept.once("data", resolve)), 5000, "the first answer");
  const before = await shakeHands(gateway.port);
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    tls: { rejectUnauthorized: false },
    body: JSON.stringify({ model: "openai/x", stream: true, messages: [{ role: "user", content: "hi" }] }),
  });
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: 1\n\n");

  await writeCertificate(folder);
  gateway.process.kill("SIGHUP");
  await gateway.logged((line) => line["msg"] === "reloaded");
  await within(keptClosed, 5000, "the end of the kept-alive connection");
  expect((await shakeHands(gateway.port)).fingerprint).not.toBe(before.fingerprint);
  gate.open();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: [DONE]\n\n");
  expect((await reader?.read())?.done).toBe(true);
});

test("no connection is refused while certificates are replaced", async () => {
  const folder = scratchFolder("gateway-tls");
  await using gateway = await startGateway(await writeCertificate(folder));
  let isOver = false;
  const codes: string[] = [];
  const connectOn = async (): Promise<void> => {
    while (!isOver) {
      await shakeHands(gateway.port).catch((error: unknown) => {
        codes.push(error instanceof Error && "code" in error ? String(error.code) : String(error));
      });
    }
  };
  const clients = Array.from({ length: 4 }, connectOn);
  const reloads = (): number => gateway.log.filter(({ msg }) => msg === "reloaded").length;
  for (let count = 0; count < 10; count++) {
    await writeCertificate(folder);
    gateway.process.kill("SIGHUP");
    while (reloads() <= count) await Bun.sleep(1);
  }
  isOver = true;
  await Promise.all(clients);
  // Linux resets what a listener that closes has not accepted, unless net.ipv4.tcp_migrate_req is set: a few of thousands.
  expect(codes.filter((code) => code !== "ECONNRESET")).toEqual([]);
});

test("a TLS port is shared with no second gateway", async () => {
  const paths = await writeCertificate(scratchFolder("gateway-tls"));
  await using gateway = await startGateway(paths);
  expect(await outcomeOf(startGateway({ ...paths, SERVER_PORT: String(gateway.port) }))).toThrow(/ended with 1/);
});

/** A gateway whose certificate has such a key. */
async function startWith(create: typeof createSelfSignedCertificate) {
  return startInProcess(await writeCertificate(scratchFolder("gateway-tls"), create));
}

const KINDS = [
  ["EC", createSelfSignedCertificate, "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA"],
  ["RSA", createSelfSignedRsaCertificate, "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES256-SHA"],
] as const;

test.each(KINDS)(
  "offers TLS 1.2 only with forward secrecy and authenticated encryption, and nothing older, with an %s key",
  async (_, create, good, withoutAuthentication) => {
    await using gateway = await startWith(create);
    const only12 = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" };
    expect((await shakeHands(gateway.port, only12)).protocol).toBe("TLSv1.2");
    expect((await shakeHands(gateway.port, { ...only12, ciphers: good })).protocol).toBe("TLSv1.2");
    for (const ciphers of [withoutAuthentication, "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA"]) {
      expect(await outcomeOf(shakeHands(gateway.port, { ...only12, ciphers }))).toThrow();
    }
    expect(await outcomeOf(shakeHands(gateway.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }))).toThrow();
  },
);

const FORWARD_SECRET =
  /^(TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)$|ECDHE-.*(GCM|POLY1305))/;

const scanner = Bun.which("sslscan");
if (scanner === null) console.warn("sslscan is not installed: what it would find is not tested.");

test.skipIf(scanner === null).each(KINDS)(
  "stands the scan of sslscan with an %s key",
  async (_, create) => {
    await using gateway = await startWith(create);
    const scan = Bun.spawn([`${scanner}`, "--xml=-", `127.0.0.1:${gateway.port}`], {
      stdout: "pipe",
      stderr: "ignore",
    });
    const report = await within(scan.stdout.text(), 15_000, "the scan");
    const found = (pattern: RegExp): string[] => [...report.matchAll(pattern)].map(([, value]) => value ?? "");
    expect(found(/<protocol type="(\w+" version="[\d.]+)" enabled="1"/g)).toEqual([
      'tls" version="1.2',
      'tls" version="1.3',
    ]);
    const suites = found(/<cipher [^>]*cipher="([^"]+)"/g);
    expect(suites.length).toBeGreaterThanOrEqual(6);
    expect(suites.filter((suite) => !FORWARD_SECRET.test(suite))).toEqual([]);
    expect(found(/(vulnerable="1"|<compression supported="1"|<renegotiation supported="1" secure="0")/g)).toEqual([]);
  },
  20_000,
);

test("a client that speaks no TLS gets no answer and hinders no other", async () => {
  await using gateway = await startWith(createSelfSignedCertificate);
  await using plain = await openRawClient(gateway.port);
  await using silent = await openRawClient(gateway.port);
  await plain.request("GET", "/health");
  expect(Buffer.from((await plain.untilClosed()).wire).toString("latin1")).not.toContain("HTTP/");
  expect((await fetch(`${gateway.url}/health`, { tls: { rejectUnauthorized: false } })).status).toBe(200);
  expect(silent.bytesReceived).toBe(0);
  expect(gateway.output().stderr).not.toContain("rror");
});

test("refuses to start with files that cannot be used, in one line and with exit code 2", async () => {
  const folder = scratchFolder("gateway-tls");
  const good = await writeCertificate(folder);
  const other = await writeCertificate(scratchFolder("gateway-tls"));
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ SERVER_TLS_CERT_PATH: good.SERVER_TLS_CERT_PATH }, /must be set together/],
    [{ ...good, SERVER_TLS_CERT_PATH: join(folder, "missing.pem") }, /SERVER_TLS_CERT_PATH .*\(ENOENT\)/],
    [{ ...good, SERVER_TLS_CERT_PATH: import.meta.path }, /SERVER_TLS_CERT_PATH .*no usable certificate/],
    [{ ...good, SERVER_TLS_KEY_PATH: import.meta.path }, /SERVER_TLS_KEY_PATH .*no usable key/],
    [{ ...good, SERVER_TLS_KEY_PATH: other.SERVER_TLS_KEY_PATH }, /SERVER_TLS_KEY_PATH .*not the key of/],
  ];
  for (const [settings, expected] of cases) {
    const { code, stderr } = await checkSettings(settings);
    expect([code, stderr.trim().split("\n")]).toEqual([2, [expect.stringMatching(expected)]]);
  }
});

test("routes with a rest or a slash at the end of their path are the same over TLS", async () => {
  const paths = await writeCertificate(scratchFolder("gateway-tls"));
  await using rig = await startRig(paths, startInProcess);
  const ask = (path: string, method = "GET"): Promise<Response> =>
    fetch(`https://127.0.0.1:${rig.gateway.port}${path}`, { method, tls: { rejectUnauthorized: false } });
  rig.provider.answerAlways(({ target }) => json(200, target.endsWith("/models") ? { data: [] } : { target }));
  expect(await (await ask("/proxy/openai/files/a?b=c")).json()).toEqual({ target: "/v1/files/a?b=c" });
  expect(await (await ask("/v1/proxy/openai/files", "POST")).json()).toEqual({ target: "/v1/files" });
  for (const [method, below] of [
    ["GET", "/r"],
    ["DELETE", "/r"],
    ["GET", "/r/input_items"],
    ["POST", "/r/cancel"],
  ] as const) {
    for (const path of [`/v1/responses${below}`, `/responses${below}`, `/v1/responses${below}/`]) {
      const response = await ask(`${path}?provider=openai`, method);
      expect([method, path, await response.json()]).toEqual([method, path, { target: `/v1/responses${below}` }]);
    }
  }
  const statuses: [string, string, number][] = [
    ["GET", "/docs/security", 200],
    ["HEAD", "/docs/security", 200],
    ["GET", "/swagger/json", 200],
    ["GET", "/health/", 200],
    ["GET", "/v1/models/", 200],
    ["GET", "/proxy/", 400],
    ["GET", "/v1/models/openai/none", 404],
    ["POST", "/v1/models/openai/none", 405],
    ["TRACE", "/proxy/openai/files", 405],
    ["GET", "/v1/messages/other", 404],
    ["GET", "/nothing/proxy/openai/files", 404],
    ["GET", "/models", 200],
    ["GET", "/models/", 200],
    ["GET", "/models/openai/none", 404],
    ["GET", "/chat/completions", 405],
    ["POST", "/chat/completions/", 400],
    ["POST", "/v1/responses/r", 405],
    ["GET", "/v1/responses/r/other", 404],
    ["GET", "/nothing/v1/responses/r", 404],
  ];
  for (const [method, path, status] of statuses) {
    expect([method, path, (await ask(path, method)).status]).toEqual([method, path, status]);
  }
  expect(await (await ask("/v1/messages/other")).json()).toMatchObject({ type: "error" });
});
