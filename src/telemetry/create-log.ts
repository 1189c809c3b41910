import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: "auto" | "json" | "pretty";
  /** Written to every line. */
  readonly environment: string;
  /** Number of the worker process that writes it, also written to every line; undefined where there is only one process. */
  readonly worker?: number | undefined;
}

/**
 * The process's log on standard output: JSON lines, or lines for people on a terminal.
 * @param destination replaces standard output, e.g. in tests.
 */
export function createLog({ level, format, environment, worker }: LogOptions, destination?: DestinationStream): Log {
  const forPeople = format === "pretty" || (format === "auto" && process.stdout.isTTY === true);
  const stream = destination ?? (forPeople ? prettyStream() : pino.destination({ fd: 1, sync: true }));
  return pino(
    {
      level,
      base: { environment, worker },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

// As a stream and not as a transport: transports are worker threads loaded from files that a binary does not have.
function prettyStream(): DestinationStream {
  return pretty({ colorize: process.stdout.isTTY === true, ignore: "environment", sync: true });
}
