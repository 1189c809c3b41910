import { errorCodeOf } from "../../core/error-code.ts";
import { SettingError } from "../../core/errors.ts";
import type { ReadFile } from "../../core/read-files.ts";
import type { PostOptions } from "./post.ts";

/** The path of a PEM file, and the setting that names it. */
export interface CollectorFile {
  readonly setting: string;
  readonly path: string;
}

export interface CollectorFiles {
  /** The certificates that the collector's is trusted by. */
  readonly ca: CollectorFile | undefined;
  /** What the gateway shows the collector. */
  readonly cert: CollectorFile | undefined;
  readonly key: CollectorFile | undefined;
}

/**
 * Reads what a collector is called with over TLS; undefined if nothing is given.
 * @throws SettingError if a file cannot be read or used
 */
export function loadCollectorTls(files: CollectorFiles, readFile: ReadFile): PostOptions["tls"] {
  const read = (["ca", "cert", "key"] as const).flatMap((kind) => {
    const file = files[kind];
    return file === undefined ? [] : [{ kind, setting: file.setting, pem: readPem(file, readFile) }];
  });
  if (read.length === 0) return undefined;
  const tls = Object.fromEntries(read.map(({ kind, pem }) => [kind, pem]));
  try {
    process.getBuiltinModule("node:tls").createSecureContext(tls);
  } catch {
    throw new SettingError(read.map(({ setting }) => setting).join(", "), "a file holds no usable certificate or key");
  }
  return tls;
}

function readPem({ setting, path }: CollectorFile, readFile: ReadFile): string {
  try {
    return readFile(path);
  } catch (error) {
    const code = errorCodeOf(error) ?? "unreadable";
    throw new SettingError(setting, `${path} cannot be read (${code})`);
  }
}
