import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Gives the text of a file, undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** A control group that limits this process, as the folder that holds its files. */
export interface ControlGroup {
  readonly version: 1 | 2;
  readonly folder: string;
}

const ROOT = "/sys/fs/cgroup";

/**
 * The control groups of this process for one controller: each is bound by those above it, which come along. In a
 * container a path may be one of the host's, which does not exist.
 * https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function controlGroups(controller: "cpu" | "memory", read: ReadText = readText): ControlGroup[] {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  return lines.flatMap(([, controllers = "", path = ""]) => {
    const isUnified = controllers === "";
    if (!isUnified && !controllers.split(",").includes(controller)) return [];
    const mount = isUnified ? ROOT : join(ROOT, controller);
    return withAncestors(path).map((group) => ({ version: isUnified ? 2 : 1, folder: join(mount, group) }) as const);
  });
}

function withAncestors(path: string): string[] {
  return path === "/" || path === "." || path === "" ? ["/"] : [path, ...withAncestors(dirname(path))];
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
