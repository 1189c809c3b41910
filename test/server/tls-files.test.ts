import { expect, test } from "bun:test";
import { loadTls } from "../../src/server/tls.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";

const FILES = { certPath: "cert.pem", keyPath: "key.pem" };

// To the TLS library no text is no certificate, which is found out only when it listens.
test.each([
  ["cert.pem", "SERVER_TLS_CERT_PATH"],
  ["key.pem", "SERVER_TLS_KEY_PATH"],
])("an empty %s, as while it is written anew, is refused by its setting", async (path, setting) => {
  const { cert, key } = await createSelfSignedCertificate();
  const contents: Readonly<Record<string, string>> = { "cert.pem": cert, "key.pem": key };
  const load = (text: string) => () => loadTls(FILES, (name) => (name === path ? text : (contents[name] ?? "")));
  expect(load("")).toThrow(`${setting} is not accepted: ${path} is empty`);
  expect(load("\n")).toThrow(`${setting} is not accepted: ${path} is empty`);
});
