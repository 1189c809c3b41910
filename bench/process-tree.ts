import { readdirSync, readFileSync } from "node:fs";

/** What a process and all its descendants have used and hold, at one moment. */
export interface TreeUsage {
  /** User plus system CPU time since start, in microseconds; `undefined` where the platform does not tell (no `/proc`). */
  readonly cpuMicroseconds: number | undefined;
  /** Resident memory, in bytes, pages shared between processes counted once per process; `undefined` as above. */
  readonly residentBytes: number | undefined;
}

/** Whether this platform can tell the CPU time and memory of another process. */
export const CAN_MEASURE = process.platform === "linux";

const PAGE_BYTES = 4096;

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // The process ended between listing and reading.
  }
}

function parentOf(pid: string): number {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  // The command name may hold spaces and brackets; the fields are counted from its last bracket.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The ids of a process and of all its living descendants, the root first. Only the root where there is no `/proc`. */
export function processTree(root: number): readonly number[] {
  if (!CAN_MEASURE) return [root];
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(name)]);
    else siblings.push(Number(name));
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** CPU time of one process in microseconds: the scheduler's nanoseconds of each thread, where the kernel keeps them. */
function cpuOf(pid: number): number {
  let nanoseconds = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readOrNothing(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
    }
  } catch {
    return 0;
  }
  const stat = readOrNothing(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const tickMicroseconds = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10_000; // USER_HZ is 100.
  // The ticks are coarse but include threads that have ended; the threads' sum is fine but does not.
  const fine = nanoseconds / 1000;
  return tickMicroseconds - fine > 20_000 ? tickMicroseconds : fine;
}

/**
 * How long the main thread of a process was ready to run, but waited for a CPU, since it began, in milliseconds; 0 where the
 * kernel does not tell. https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function waitedForCpuMs(pid: number): number {
  return Number(readOrNothing(`/proc/${pid}/task/${pid}/schedstat`).split(" ")[1] ?? 0) / 1e6;
}

/** Reads CPU time and memory of `root` and its descendants from `/proc`. Processes that ended are not counted. */
export function measureTree(root: number): TreeUsage {
  if (!CAN_MEASURE) return { cpuMicroseconds: undefined, residentBytes: undefined };
  let cpuMicroseconds = 0;
  let residentBytes = 0;
  for (const pid of processTree(root)) {
    cpuMicroseconds += cpuOf(pid);
    residentBytes += Number(readOrNothing(`/proc/${pid}/statm`).split(" ")[1] ?? 0) * PAGE_BYTES;
  }
  return { cpuMicroseconds, residentBytes };
}

/** Ends a process and its descendants at once. Safe to call for one that has ended already. */
export function killTree(root: number): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended by itself.
    }
  }
}
