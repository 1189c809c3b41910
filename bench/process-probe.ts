/**
 * Loaded into a process before its own code, by `--preload`: tells over the unix socket `PROCESS_PROBE_SOCKET` what only the
 * process itself knows. What it can be asked for:
 *
 * - `/objects`: which objects are on the heap; `/collected`: the same after a collection
 * - `/watch`: collects garbage and watches the turns of the event loop from now on; `/turns`: what was seen since
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { heapStats } from "bun:jsc";

/** What one process did since it was last told to watch. */
export interface WatchedTurns {
  /**
   * CPU time of the main thread within the longest turn of the event loop, in milliseconds: that of the machine's other
   * processes does not count, and the collector counts as far as it runs on that thread.
   */
  readonly longestTurnMs: number;
  /** Resident memory when the watch began, and at most since, in bytes. */
  readonly startBytes: number;
  readonly peakBytes: number;
}

let longestTurnMs = 0;
let lastCpuMs = 0;
let startBytes = 0;
let sampler: Timer | undefined;

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** A timer is due in every turn that begins a millisecond after the last: what the thread spent in between was one turn. */
function sample(): void {
  const cpuMs = threadCpuMs();
  longestTurnMs = Math.max(longestTurnMs, cpuMs - lastCpuMs);
  lastCpuMs = cpuMs;
}

function statusBytes(name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync("/proc/self/status", "latin1");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}

function watch(): void {
  Bun.gc(true);
  // Makes the kernel note the peak of resident memory anew. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
  writeFileSync("/proc/self/clear_refs", "5");
  startBytes = statusBytes("VmRSS");
  sampler ??= setInterval(sample, 1);
  longestTurnMs = 0;
  lastCpuMs = threadCpuMs();
}

function turns(): WatchedTurns {
  return { longestTurnMs, startBytes, peakBytes: Math.max(startBytes, statusBytes("VmHWM")) };
}

const unix = process.env["PROCESS_PROBE_SOCKET"] ?? "";
// A process that begins again under the same id (see `src/main.ts`) finds the socket of its first beginning.
rmSync(unix, { force: true });
Bun.serve({
  unix,
  development: false,
  routes: {
    "/objects": () => Response.json(heapStats().objectTypeCounts),
    "/collected"() {
      Bun.gc(true);
      return Response.json(heapStats().objectTypeCounts);
    },
    "/watch"() {
      watch();
      return Response.json({});
    },
    "/turns": () => Response.json(turns()),
  },
});
