import { gatewayCommand } from "../fixtures/start-gateway.ts";
import { patient } from "../fixtures/within.ts";

/** How a run of the command ended, and what it said. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; of a run that did not end by itself it is that of its killing, 137. */
  readonly code: number;
}

/** Runs the gateway's command to its end; one that serves instead is killed in the end. */
export async function runToEnd(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  folder?: string,
): Promise<Ended> {
  const child = Bun.spawn(gatewayCommand(args), {
    env: { PATH: process.env["PATH"] ?? "", SERVER_PORT: "0", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: patient(4000),
    killSignal: "SIGKILL",
    ...(folder !== undefined && { cwd: folder }),
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

/** The lines of a text, without the empty one at its end. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
