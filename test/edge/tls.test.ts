import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { gatewayCommand, startGateway } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";

async function writeCertificate(folder: string) {
  const { cert, key } = await createSelfSignedCertificate();
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
  const folder = mkdtempSync(join(tmpdir(), "gateway-tls-"));
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

test("offers TLS 1.2 only with forward secrecy and authenticated encryption, and nothing older", async () => {
  const paths = await writeCertificate(mkdtempSync(join(tmpdir(), "gateway-tls-")));
  await using gateway = await startGateway(paths);
  const only12 = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" };
  expect((await shakeHands(gateway.port, only12)).protocol).toBe("TLSv1.2");
  const offered = { ...only12, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" };
  expect((await shakeHands(gateway.port, offered)).protocol).toBe("TLSv1.2");
  const withoutAuthentication = { ...only12, ciphers: "ECDHE-ECDSA-AES128-SHA" };
  expect(shakeHands(gateway.port, withoutAuthentication)).rejects.toThrow();
  expect(shakeHands(gateway.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1" })).rejects.toThrow();
});

test("refuses to start with files that cannot be used, in one line and with exit code 2", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gateway-tls-"));
  const good = await writeCertificate(folder);
  const other = await writeCertificate(mkdtempSync(join(tmpdir(), "gateway-tls-")));
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ SERVER_TLS_CERT_PATH: good.SERVER_TLS_CERT_PATH }, /must be set together/],
    [{ ...good, SERVER_TLS_CERT_PATH: join(folder, "missing.pem") }, /SERVER_TLS_CERT_PATH .*\(ENOENT\)/],
    [{ ...good, SERVER_TLS_CERT_PATH: import.meta.path }, /SERVER_TLS_CERT_PATH .*no usable certificate/],
    [{ ...good, SERVER_TLS_KEY_PATH: import.meta.path }, /SERVER_TLS_KEY_PATH .*no usable key/],
    [{ ...good, SERVER_TLS_KEY_PATH: other.SERVER_TLS_KEY_PATH }, /SERVER_TLS_KEY_PATH .*not the key of/],
  ];
  for (const [settings, expected] of cases) {
    const child = Bun.spawn(gatewayCommand(["--check"]), {
      env: { PATH: process.env["PATH"] ?? "", ...settings },
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await within(child.exited, 5000, "the gateway's end")).toBe(2);
    expect((await child.stderr.text()).trim().split("\n")).toEqual([expect.stringMatching(expected)]);
  }
});
