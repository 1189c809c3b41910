import { flushLog, type Log } from "../telemetry/create-log.ts";

/**
 * Ends the process as soon as its log is written, or cannot be.
 * @param problem what is said on standard error, in one line.
 */
export async function endProcess(log: Log, code: number, problem?: string): Promise<never> {
  await flushLog(log);
  if (problem !== undefined) process.stderr.write(`${problem}\n`);
  process.exit(code);
}
