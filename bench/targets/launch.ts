import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/fixtures/free-port.ts";
import { adopt, end, inheritedEnvironment } from "./children.ts";
import type { Ground, Target } from "./target.ts";

/** A target that answers. */
export interface Running {
  readonly target: Target;
  /** `undefined` for one that was up already, and whose process nobody named. */
  readonly pid: number | undefined;
  readonly chatUrl: string;
  /** From the start of the process to its first 200, in milliseconds; `undefined` for one that was up already. */
  readonly startMilliseconds: number | undefined;
  /** Those between which and itself its load is split. */
  readonly others?: readonly Running[];
}

const LINES_SHOWN = 8;
const READY = { path: "/health", seconds: 10 } as const;

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { keepalive: false, signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/**
 * Starts a target and waits for its first 200.
 * @throws Error with what the process wrote, if it cannot be started here, ends, or is not ready in time
 */
export async function launch(target: Target, ground: Ground): Promise<Running> {
  if (target.missing !== undefined) throw new Error(target.missing);
  const port = await freePort();
  const chatUrl = target.chatUrl?.(ground) ?? `http://127.0.0.1:${port}${target.path ?? "/v1/chat/completions"}`;
  if (target.start === undefined) return { target, chatUrl, pid: target.pid, startMilliseconds: undefined };
  const { command, environment, outputFile, directory = ground.directory } = target.start(port, ground);
  const { path, seconds } = target.ready ?? READY;
  const errorFile = join(ground.directory, `${target.name}-${port}.stderr`);
  const errors = openSync(errorFile, "w");
  const output = outputFile === undefined ? undefined : openSync(outputFile, "a");
  const beganAt = performance.now();
  const child = adopt(
    Bun.spawn([...command], {
      // A directory of its own: neither a .env nor a bunfig.toml of this one may change what is measured.
      cwd: directory,
      env: { ...inheritedEnvironment(), ...environment },
      stdin: "ignore",
      stdout: output ?? "ignore",
      stderr: errors,
    }),
  );
  closeSync(errors);
  if (output !== undefined) closeSync(output);
  while (performance.now() - beganAt < seconds * 1000 && child.exitCode === null) {
    if (await answersOk(`http://127.0.0.1:${port}${path}`)) {
      return { target, chatUrl, pid: child.pid, startMilliseconds: performance.now() - beganAt };
    }
    await Bun.sleep(1);
  }
  const outcome =
    child.exitCode === null ? `did not answer ${path} within ${seconds} s` : `ended with code ${child.exitCode}`;
  await end(child.pid);
  throw new Error(`${outcome}\n${readFileSync(errorFile, "utf8").trim().split("\n").slice(-LINES_SHOWN).join("\n")}`);
}

/** Ends the targets that were started here. */
export async function endAll(running: Iterable<Running>): Promise<void> {
  for (const { target, pid } of running) if (target.start !== undefined && pid !== undefined) await end(pid);
}
