import type { Subprocess } from "bun";
import { killTree } from "./process-tree.ts";

const running = new Map<number, Subprocess>();
let guarded = false;

const GRACE_MILLISECONDS = 1500;
const LAST_GRACE_MILLISECONDS = 100;

function endAll(): void {
  if (running.size === 0) return;
  for (const child of running.values()) child.kill("SIGTERM");
  Bun.sleepSync(LAST_GRACE_MILLISECONDS);
  for (const pid of running.keys()) killTree(pid);
  running.clear();
}

function guardExits(): void {
  if (guarded) return;
  guarded = true;
  process.on("exit", endAll);
  // Without a listener these signals end this process without an exit event, and the children would stay.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => process.exit(code));
  }
}

/** Sees to it that a child process and its descendants do not outlive this process, however it ends (but by SIGKILL). */
export function adopt(child: Subprocess): void {
  guardExits();
  running.set(child.pid, child);
}

/**
 * Ends an adopted child process: asks it by SIGTERM and, where it has not gone in time, kills it and its descendants.
 * @returns its exit code; `undefined` where it had to be killed
 */
export async function end(pid: number, graceMilliseconds = GRACE_MILLISECONDS): Promise<number | undefined> {
  const child = running.get(pid);
  if (child === undefined) return undefined;
  child.kill("SIGTERM");
  const exitCode = await Promise.race([child.exited, Bun.sleep(graceMilliseconds)]);
  if (exitCode === undefined) killTree(pid);
  running.delete(pid);
  return exitCode ?? undefined;
}
