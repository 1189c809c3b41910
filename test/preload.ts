/**
 * Makes a bare `bun test` work where the packages, or the pinned Bun, are missing: it starts the same command again
 * through `.ci/bun`, which installs them. Run by Bun before the tests (bunfig.toml); costs three `stat` calls otherwise.
 */
import { afterAll, setDefaultTimeout } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeScratchFolders } from "./fixtures/scratch-folder.ts";

const project = join(import.meta.dir, "..");
const launcher = join(project, ".ci", "bun");

function changedAt(path: string): number {
  return statSync(join(project, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isPrepared(): boolean {
  const installed = changedAt("node_modules/.installed");
  if (installed <= changedAt("bun.lock") || installed <= changedAt("package.json")) return false;
  return readFileSync(join(project, "package.json"), "utf8").includes(`"bun@${Bun.version}"`);
}

/** The arguments this process was started with; neither `process.argv` nor `process.execArgv` has those of `bun test`. */
function commandLine(): string[] {
  if (process.platform === "linux") {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  }
  const listing = Bun.spawnSync(["ps", "-ww", "-o", "args=", "-p", String(process.pid)]);
  return listing.stdout.toString().trim().split(" ").slice(1);
}

const shell = Bun.which("sh") ?? "/bin/sh";
// As when Bun runs a script of package.json: tells the launcher of this Bun, which need not be on PATH.
// The mark ends it after one round, were a file dated in the future to make the packages look stale for ever.
const startedAgain = "STARTED_AGAIN_BY_TEST_PRELOAD";
const environment = { ...process.env, npm_execpath: process.execPath, [startedAgain]: "1" };

function startAgain(): never {
  process.execve?.(shell, ["sh", launcher, ...commandLine()], environment);
  const again = Bun.spawnSync([shell, launcher, ...commandLine()], {
    env: environment,
    stdio: ["inherit", "inherit", "inherit"],
  });
  process.exit(again.exitCode);
}

if (process.env[startedAgain] === undefined && !isPrepared()) {
  if (process.env["BUN_TEST_WORKER_ID"] === undefined) startAgain();
  // A worker of --parallel belongs to the process that started it and cannot start again, and where it found no
  // node_modules it does not look a second time.
  const modulesExisted = changedAt("node_modules") > 0;
  const installation = Bun.spawnSync([shell, launcher, "--version"], {
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (installation.exitCode !== 0) throw new Error("The packages of bun.lock could not be installed.");
  if (!modulesExisted) throw new Error("The packages were missing and are now installed: run the tests again.");
}

/**
 * How long a test may take: only what hangs takes so long. A busy machine may take many times the seconds that a test
 * needs otherwise, and each wait has a deadline of its own, below this one (test/fixtures/within.ts).
 */
const TEST_TIMEOUT_MS = 150_000;

// In a worker after every file, otherwise after the last one; the hooks of the tests themselves have run by then.
afterAll(removeScratchFolders);

// Holds for one file, and a preload runs before every file only where files are isolated: otherwise those behind the
// first would have five seconds.
setDefaultTimeout(TEST_TIMEOUT_MS);
if (process.env["BUN_TEST_WORKER_ID"] === undefined) {
  const given = commandLine();
  const test = given.indexOf("test");
  const isBound = given.some((argument) => /^--(timeout|isolate|parallel)\b/.test(argument));
  if (!isBound && test >= 0) {
    process.execve?.(process.execPath, [
      process.execPath,
      ...given.toSpliced(test + 1, 0, `--timeout=${TEST_TIMEOUT_MS}`),
    ]);
  }
}
