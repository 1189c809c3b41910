import { join } from "node:path";
import { controlGroups, readText, type ReadText } from "../process/control-groups.ts";

/**
 * Reads how many cores' worth of time the control groups of this process may use: what a container engine's or a
 * service's CPU limit is. The number of cores does not tell it.
 * @returns Infinity where nothing limits it.
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
