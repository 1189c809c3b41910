import { totalmem } from "node:os";
import { join } from "node:path";
import { controlGroups, readText, type ReadText } from "../control-groups.ts";

const FILES = { 1: "memory.limit_in_bytes", 2: "memory.max" } as const;

/**
 * How many bytes of memory this process may use: those of the machine, or the least that a control group of it allows,
 * which is what a container engine's or a service's memory limit is.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function readMemoryLimit(read: ReadText = readText, machineBytes: number = totalmem()): number {
  const limits = controlGroups("memory", read).map(({ version, folder }) =>
    Number.parseInt(read(join(folder, FILES[version])) ?? "", 10),
  );
  // Without a limit, version 2 says "max", and version 1 a number beyond any machine's memory.
  return Math.min(machineBytes, ...limits.filter((bytes) => bytes > 0));
}

/** This part of the memory is for what requests hold; the rest is for the runtime, what it has yet to collect, and sockets. */
const SHARE_OF_MEMORY = 1 / 4;

/** The budget if the operator sets none, in bytes. */
export function defaultBudget(memoryBytes: number, workers: number): number {
  return Math.floor((memoryBytes * SHARE_OF_MEMORY) / workers);
}
