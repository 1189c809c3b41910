import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { adopt, end } from "./children.ts";
import type { Rig, Target } from "./targets.ts";

/** A target that answers. */
export interface Running {
  readonly target: Target;
  readonly pid: number | undefined;
  readonly chatUrl: string;
  /** From the start of the process to its first 200, in milliseconds; `undefined` for one that was up already. */
  readonly startMilliseconds: number | undefined;
}

const START_DEADLINE_MILLISECONDS = 10_000;

/** A port of 127.0.0.1 that nothing listened on a moment ago. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

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
 * Starts a target and waits for its first 200. Its errors are kept for the message.
 * @throws Error that tells what the process wrote, where it ends or does not answer within ten seconds
 */
export async function launch(target: Target, rig: Rig): Promise<Running> {
  const port = freePort();
  const chatUrl = target.chatUrl(port, rig);
  if (target.start === undefined) return { target, chatUrl, pid: target.pid, startMilliseconds: undefined };
  const { command, environment, outputFile } = target.start(port, rig);
  const errorFile = join(rig.directory, `${target.name}-${port}.stderr`);
  const errors = openSync(errorFile, "w");
  const output = outputFile === undefined ? undefined : openSync(outputFile, "a");
  const beganAt = performance.now();
  // A directory of its own: neither a .env nor a bunfig.toml of this one may change what is measured.
  const child = Bun.spawn([...command], {
    cwd: rig.directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment },
    stdin: "ignore",
    stdout: output ?? "ignore",
    stderr: errors,
  });
  adopt(child);
  closeSync(errors);
  if (output !== undefined) closeSync(output);
  while (performance.now() - beganAt < START_DEADLINE_MILLISECONDS && child.exitCode === null) {
    if (await answersOk(`http://127.0.0.1:${port}/health`)) {
      return { target, chatUrl, pid: child.pid, startMilliseconds: performance.now() - beganAt };
    }
    await Bun.sleep(1);
  }
  const outcome = child.exitCode === null ? "did not answer /health within 10 s" : `ended with code ${child.exitCode}`;
  await end(child.pid);
  throw new Error(`${outcome}\n${readFileSync(errorFile, "utf8").trim().split("\n").slice(0, 8).join("\n")}`);
}
