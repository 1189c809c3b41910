import { join } from "node:path";
import { importedPackages } from "./imported-packages.ts";
import { closeOver, type LockedPackage, readLockFile } from "./lock-file.ts";
import { PLATFORMS, runtimePackage } from "./platforms.ts";

/** What a build contains that is not of this project. */
export interface Contents {
  readonly lock: ReadonlyMap<string, LockedPackage>;
  /** Names of the packages that the source imports. */
  readonly imported: ReadonlySet<string>;
  /** These, and all that they need. A build leaves out what it does not reach, so that it may contain fewer. */
  readonly packages: readonly LockedPackage[];
  /** The Bun of each platform; a build contains one of them. */
  readonly runtimes: readonly LockedPackage[];
}

/** Reads from bun.lock and the source what a build of the project in that folder contains. */
export async function readContents(project: string): Promise<Contents> {
  const lock = readLockFile(await Bun.file(join(project, "bun.lock")).text());
  const imported = await importedPackages(join(project, "src"));
  return {
    lock,
    imported,
    packages: closeOver(lock, imported),
    runtimes: closeOver(lock, PLATFORMS.map(runtimePackage)),
  };
}
