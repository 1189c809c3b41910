import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

type ReadText = (path: string) => string | undefined;

const ROOT = "/sys/fs/cgroup";

/**
 * Reads how many cores' worth of time the control groups of this process may use: what a container engine's or a
 * service's CPU limit is. The number of cores does not tell it.
 * @param read gives the text of a file, undefined where it cannot be read.
 * @returns Infinity where nothing limits it.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function readCpuQuota(read: ReadText = readText): number {
  const groups = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  let quota = Infinity;
  for (const [, controllers = "", path = ""] of groups) {
    const isCpu = controllers.split(",").includes("cpu");
    if (controllers !== "" && !isCpu) continue;
    const mount = controllers === "" ? ROOT : join(ROOT, "cpu");
    const quotaOf = controllers === "" ? quotaOfVersion2 : quotaOfVersion1;
    // Each group is bound by those above it. In a container the path may be one of the host's, which does not exist.
    for (const group of withAncestors(path)) quota = Math.min(quota, quotaOf(join(mount, group), read));
  }
  return quota;
}

function quotaOfVersion2(group: string, read: ReadText): number {
  const [time, period] = (read(join(group, "cpu.max")) ?? "").split(" ").map(Number);
  return asCores(time, period);
}

function quotaOfVersion1(group: string, read: ReadText): number {
  const [time, period] = ["quota", "period"].map((name) => Number(read(join(group, `cpu.cfs_${name}_us`))));
  return asCores(time, period);
}

function asCores(time: number | undefined, period: number | undefined): number {
  return time !== undefined && period !== undefined && time > 0 && period > 0 ? time / period : Infinity;
}

function withAncestors(path: string): string[] {
  return path === "/" || path === "." || path === "" ? ["/"] : [path, ...withAncestors(dirname(path))];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** What decides how many workers can be of use. */
export interface Machine {
  /** As `process.platform` tells it. */
  readonly platform: string;
  /** How many cores this process may run on. */
  readonly cores: number;
  /** How many cores' worth of time its control group may use; Infinity where that is not limited. */
  readonly quota: number;
}

/**
 * How many worker processes a setting asks for; one means that the gateway serves by itself.
 * @returns with a warning where the machine does not allow what the setting asks for.
 */
export function countWorkers(
  setting: number | "auto",
  { platform, cores, quota }: Machine,
): { readonly count: number; readonly warning?: string } {
  if (setting === 1) return { count: 1 };
  // Elsewhere a shared port is served by one of those who share it, and the rest would be idle.
  if (platform !== "linux") {
    const warning = `SERVER_WORKERS=${setting} has no effect on ${platform}, which does not spread connections over processes`;
    return { count: 1, warning };
  }
  return { count: setting === "auto" ? Math.max(1, Math.min(cores, Math.ceil(quota))) : setting };
}
