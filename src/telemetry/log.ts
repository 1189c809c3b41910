import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import { createLineWriter, type LineWriter } from "./line-writer.ts";
import { type LineStream, type LineStreamParts, openLineStream } from "./line-stream.ts";
import { openStandardOutput } from "./standard-output.ts";

/** The process's log, and the stream of its lines. */
export type Log = Logger & LogOutput;

export interface LogOutput {
  /** For what is written with every request; undefined if lines are written in another form. */
  readonly lineWriter: LineWriter | undefined;
  /** How many lines were lost since the start, because standard output did not take them. */
  droppedLines(): number;
  /** From now on each line is handed to `take` too, as JSON without its line feed, whatever form it is written in. */
  copyLines(take: (line: string) => void): void;
  /** For the end of the process: resolves when all lines are written, cannot be, or have not been within a second. */
  flushLines(): Promise<void>;
}

export interface LogOptions {
  readonly level: string;
  /** Written to every line. */
  readonly environment: string;
  /** Number of the worker process that writes it, also on every line; undefined if there is only one process. */
  readonly worker?: number | undefined;
  /** Makes of each JSON line what is written instead; with its line feed. */
  readonly format?: ((line: string) => string) | undefined;
}

/** This many bytes are written at once. */
const BATCH_BYTES = 32 * 1024;

/** What several processes write to one pipe is not mixed up to this size: POSIX asks for 512, Linux has 4096. */
const SHARED_BATCH_BYTES = 4096;

/**
 * The process's log: JSON lines on standard output, which never wait for their reader. What it does not take is lost
 * beyond a limit, and a line says how many lines that were.
 * @param destination takes the lines instead
 * @param openLines opens what JSON lines are written to
 */
export function createLog(
  { level, environment, worker, format }: LogOptions,
  destination?: DestinationStream,
  openLines: (parts: LineStreamParts) => LineStream = openLineStream,
): Log {
  const base = { environment, worker };
  const options = {
    level,
    base,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (destination)
    return Object.assign(pino(options, destination), {
      lineWriter: undefined,
      copyLines() {},
      droppedLines: () => 0,
      async flushLines() {},
    });
  let copy: ((line: string) => void) | undefined;
  const lines = openLines({
    output: openStandardOutput(),
    batchBytes: worker === undefined ? BATCH_BYTES : SHARED_BATCH_BYTES,
    onLost: (dropped) => log.warn({ dropped }, "log lines were lost, because standard output did not take them"),
  });
  const { buffer } = lines;
  const end = (): void => {
    copy?.(buffer.lastLine());
    lines.end();
  };
  const logger = pino(options, {
    write(line) {
      copy?.(line.trimEnd());
      lines.buffer.text(format ? format(line) : line);
      lines.end();
    },
  });
  const log = Object.assign(logger, {
    lineWriter: format ? undefined : createLineWriter({ buffer, end }, base),
    copyLines: (take: (line: string) => void) => void (copy = take),
    droppedLines: lines.dropped,
    flushLines: () => lines.flush(LAST_LINES_MS),
  });
  return log;
}

/** The last lines get this long to be written: whoever reads them may have stopped. */
const LAST_LINES_MS = 1000;
