import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { rememberTree } from "../../test/fixtures/process-tree.ts";

const running = new Map<number, Subprocess>();
const directories = new Set<string>();
let guarded = false;

const GRACE_MS = 1500;
const LAST_GRACE_MS = 100;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

function cleanUp(): void {
  const trees = [...running.keys()].map(rememberTree);
  for (const child of running.values()) child.kill("SIGTERM");
  if (running.size > 0) Bun.sleepSync(LAST_GRACE_MS);
  for (const killTree of trees) killTree();
  running.clear();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

function cleanUpAtExit(): void {
  if (guarded) return;
  guarded = true;
  process.on("exit", cleanUp);
  // Without a listener these signals end this process without an exit event, and the children would stay.
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(code));
}

/** Sees to it that a child process and its descendants do not outlive this process, however it ends (but by SIGKILL). */
export function adopt<Child extends Subprocess>(child: Child): Child {
  cleanUpAtExit();
  running.set(child.pid, child);
  return child;
}

/** Makes a directory that is removed when this process ends. */
export function scratchDirectory(): string {
  cleanUpAtExit();
  const directory = mkdtempSync(join(tmpdir(), "gateway-bench-"));
  directories.add(directory);
  return directory;
}

/** What every process of the bench finds in its environment. */
export const inheritedEnvironment = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: process.env["HOME"] ?? "",
});

/**
 * Starts a program of the bench that talks by IPC.
 * @param file below `bench/`
 */
export function startProgram(file: string, environment: object, cwd = ".") {
  let waiting = Promise.withResolvers<never>();
  const spawned = Bun.spawn([process.execPath, join(import.meta.dir, "..", file)], {
    cwd,
    env: { ...inheritedEnvironment(), ...environment },
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (message: never) => waiting.resolve(message),
  });
  /** What it sends next, once what it was asked for is sent. */
  const ask = async <Answer>(question?: object): Promise<Answer> => {
    if (question !== undefined) {
      waiting = Promise.withResolvers<never>();
      spawned.send(question);
    }
    return waiting.promise;
  };
  return { child: adopt(spawned), ask };
}

/**
 * Ends an adopted child process: asks it by SIGTERM and, if it has not gone in time, kills it and its descendants.
 * @returns its exit code; `undefined` if it had to be killed
 */
export async function end(pid: number, graceMs = GRACE_MS): Promise<number | undefined> {
  const child = running.get(pid);
  if (child === undefined) return undefined;
  const killTree = rememberTree(pid);
  child.kill("SIGTERM");
  const exitCode = await Promise.race([child.exited, Bun.sleep(graceMs)]);
  // One that ends may leave behind what it has started: npx, a shell, workers.
  killTree();
  running.delete(pid);
  return exitCode ?? undefined;
}
