import { SettingError } from "../core/errors.ts";
import { type ReadFile, readSettingFile, readTextFile } from "../core/read-files.ts";

/** The files of certificate and key; without either, TLS is not asked for. */
export interface TlsFiles {
  readonly certPath?: string | undefined;
  readonly keyPath?: string | undefined;
}

/** Certificate chain and key in PEM, and the suites that are offered. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ciphers: string;
}

/** What TLS 1.2 may use: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else. RFC 9325 section 4.2 */
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/**
 * Reads the certificate and the key, and checks that they belong together.
 * @returns undefined if TLS is not asked for.
 * @throws SettingError if a file cannot be read or used.
 */
export function loadTls({ certPath, keyPath }: TlsFiles, readFile: ReadFile = readTextFile): TlsMaterial | undefined {
  if (certPath === undefined || keyPath === undefined) return undefined;
  const cert = readSettingFile("SERVER_TLS_CERT_PATH", certPath, readFile);
  const key = readSettingFile("SERVER_TLS_KEY_PATH", keyPath, readFile);
  requireUsable("SERVER_TLS_CERT_PATH", `${certPath} holds no usable certificate`, { cert });
  requireUsable("SERVER_TLS_KEY_PATH", `${keyPath} holds no usable key, or not the key of ${certPath}`, { cert, key });
  return { cert, key, ciphers: CIPHERS };
}

/** The cryptographic library's own messages name no file, so the setting is named instead. */
function requireUsable(name: string, reason: string, material: { readonly cert: string; readonly key?: string }): void {
  // Fetched here, because most gateways speak no TLS and the module brings all of the runtime's streams with it.
  const { createSecureContext } = process.getBuiltinModule("node:tls");
  try {
    createSecureContext(material);
  } catch {
    throw new SettingError(name, reason);
  }
}
