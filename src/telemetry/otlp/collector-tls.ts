import { SettingError } from "../../core/errors.ts";
import type { ReadFile } from "../../core/read-files.ts";
import type { PostOptions } from "./post.ts";

/** Paths of PEM files. */
export interface CollectorFiles {
  /** The certificates that the collector's is trusted by. */
  readonly ca: string | undefined;
  /** What the gateway shows the collector. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const SETTINGS = {
  ca: "OTEL_EXPORTER_OTLP_CERTIFICATE",
  cert: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
  key: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
} as const satisfies Record<keyof CollectorFiles, string>;

/**
 * Reads what a collector is called with over TLS; undefined if nothing is given.
 * @throws SettingError if a file cannot be read or used
 */
export function loadCollectorTls(files: CollectorFiles, readFile: ReadFile): PostOptions["tls"] {
  const read = (["ca", "cert", "key"] as const).flatMap((kind) => {
    const path = files[kind];
    return path === undefined ? [] : [[kind, readPem(SETTINGS[kind], path, readFile)] as const];
  });
  if (read.length === 0) return undefined;
  const tls = Object.fromEntries(read);
  try {
    process.getBuiltinModule("node:tls").createSecureContext(tls);
  } catch {
    throw new SettingError(
      read.map(([kind]) => SETTINGS[kind]).join(", "),
      "a file holds no usable certificate or key",
    );
  }
  return tls;
}

function readPem(setting: string, path: string, readFile: ReadFile): string {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new SettingError(setting, `${path} cannot be read (${code})`);
  }
}
