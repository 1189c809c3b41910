import { join } from "node:path";
import { controlGroups, readText, type ReadText } from "../../core/control-groups.ts";

/**
 * Reads how many cores' worth of time the control groups of this process may use: the CPU limit of a
 * container engine or a service. The number of cores does not show it.
 * @returns Infinity if nothing limits it.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function readCpuQuota(read: ReadText = readText): number {
  const quotas = controlGroups("cpu", read).map(({ version, folder }) =>
    version === 2 ? quotaOfVersion2(folder, read) : quotaOfVersion1(folder, read),
  );
  return Math.min(Infinity, ...quotas);
}

function quotaOfVersion2(folder: string, read: ReadText): number {
  const [time, period] = (read(join(folder, "cpu.max")) ?? "").split(" ").map(Number);
  return asCores(time, period);
}

function quotaOfVersion1(folder: string, read: ReadText): number {
  const [time, period] = ["quota", "period"].map((name) => Number(read(join(folder, `cpu.cfs_${name}_us`))));
  return asCores(time, period);
}

function asCores(time: number | undefined, period: number | undefined): number {
  return time !== undefined && period !== undefined && time > 0 && period > 0 ? time / period : Infinity;
}

/** What decides how many workers can be of use. */
export interface Machine {
  /** As in `process.platform`. */
  readonly platform: string;
  /** How many cores this process may run on. */
  readonly cores: number;
  /** How many cores' worth of time its control group may use; Infinity if that is not limited. */
  readonly quota: number;
}

/**
 * How many worker processes a setting asks for; one means that the gateway serves by itself.
 * @returns with a warning if the machine does not allow what the setting asks for.
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
