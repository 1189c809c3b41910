import { SettingError } from "../../core/errors.ts";
import { type ReadFile, readSettingFile } from "../../core/read-files.ts";
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
    if (file === undefined) return [];
    return [{ kind, setting: file.setting, pem: readSettingFile(file.setting, file.path, readFile) }];
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
