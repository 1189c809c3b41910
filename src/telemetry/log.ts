import { BACKGROUND_TIMERS } from "../core/deadlines.ts";
import { describeFault, type OnFault } from "../core/faults.ts";
import { createLeveledLog, type LeveledLog } from "./leveled-log.ts";
import { type LostLines, STALL_MS } from "./line-batches.ts";
import { logFaults } from "./log-faults.ts";
import { createLineWriter, LineBuffer, type LineWriter } from "./line-writer.ts";
import { type LineStream, type LineStreamParts, openLineStream } from "./line-stream.ts";
import { openStandardOutput } from "./standard-output.ts";

/** The process's log, and the stream of its lines. */
export type Log = LeveledLog & LogOutput;

export interface LogOutput {
  /** For what is written with every request; undefined if something else takes the lines. */
  readonly lineWriter: LineWriter | undefined;
  /** From now on each line is handed to `take` too, as JSON without its line feed, whatever form it is written in. */
  copyLines(take: (line: string) => void): void;
  /**
   * For the end of the process: resolves when all lines are written, cannot be, none has been for a second, or not all within
   * this time.
   * @param withinMs a second, if nothing is said
   * @returns how many lines are not written
   */
  flushLines(withinMs?: number): Promise<number>;
  /** How many lines have been lost since the start, because standard output did not take them or they could not be written. */
  lostLines(): LostLines;
  /**
   * The line of a request could not be written, for that error: a short line says so, and it is counted as one of what failed.
   * Never throws.
   */
  lineBroke(requestId: string, error: unknown): void;
  /** Takes what was thrown outside of what answers a request; of what is thrown again and again it writes few lines. */
  readonly onFault: OnFault;
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

/** What takes whole lines of JSON, each with its line feed. */
export interface LineDestination {
  write(line: string): void;
}

/** This many bytes are written at once. */
const BATCH_BYTES = 32 * 1024;

/** What several processes write to one pipe is not mixed up to this size: POSIX asks for 512, Linux has 4096. */
const SHARED_BATCH_BYTES = 4096;

const NOTHING_LOST: LostLines = { info: 0, failures: 0 };

/**
 * The process's log: JSON lines on standard output, which never wait for their reader. What it does not take is lost
 * beyond a limit, and a line says how many lines that were; those of level `warn` and above have a limit of their own.
 * @param destination takes the lines instead
 * @param openLines opens what JSON lines are written to
 */
export function createLog(
  { level, environment, worker, format }: LogOptions,
  destination?: LineDestination,
  openLines: (parts: LineStreamParts) => LineStream = openLineStream,
): Log {
  const base = { environment, worker };
  if (destination) {
    const logger = createLeveledLog({ level, base, write: (line) => destination.write(line) });
    const none = { lineWriter: undefined, flushLines: async () => 0, copyLines() {}, onFault: logFaults(logger) };
    return Object.assign(logger, { ...none, ...countBroken(logger, () => NOTHING_LOST) });
  }
  const lines = openLines({
    output: openStandardOutput(),
    timers: BACKGROUND_TIMERS,
    batchBytes: worker === undefined ? BATCH_BYTES : SHARED_BATCH_BYTES,
    onLost: ({ info, failures }) => {
      const counts = { dropped: info + failures, ...(failures > 0 && { dropped_failures: failures }) };
      log.warn(counts, "log lines were lost, because standard output did not take them");
    },
  });
  const formed = formLines(lines, format);
  const logger = createLeveledLog({ level, base, write: formed.write });
  const log = Object.assign(logger, {
    lineWriter: createLineWriter(formed, base),
    copyLines: formed.copyLines,
    flushLines: (withinMs = STALL_MS) => lines.flush(withinMs),
    onFault: logFaults(logger),
    ...countBroken(logger, lines.lost),
  });
  return log;
}

function countBroken(logger: LeveledLog, lost: () => LostLines): Pick<LogOutput, "lostLines" | "lineBroke"> {
  let broken = 0;
  return {
    lostLines() {
      const { info, failures } = lost();
      return { info, failures: failures + broken };
    },
    lineBroke(requestId, error) {
      broken += 1;
      const line = { request_id: requestId, cause: describeFault(error) };
      logger.error(line, "the line of a request could not be written");
    },
  };
}

/** Makes what takes JSON lines, whole ones and those that are written member by member, copies them, and gives them their form. */
function formLines({ buffer, end, defer, catchUp }: LineStream, format: LogOptions["format"]) {
  let copy: ((line: string) => void) | undefined;
  const copyLine = (line: string): void => {
    try {
      copy?.(line);
    } catch {
      // The line itself matters more than its copy, and to tell of it would take another line that is copied.
    }
  };
  /** Better in its first form than not at all. */
  const formOf = (line: string): string => {
    try {
      return format ? format(line) : line;
    } catch {
      return line;
    }
  };
  /** What a line is written to that is to get another form. */
  const draft = format ? new LineBuffer() : buffer;
  const endCopied = (isFailure: boolean): void => {
    copyLine(buffer.lastLine());
    end(isFailure);
  };
  const endFormed = (isFailure: boolean): void => {
    const taken = draft.take();
    const line = taken.toString();
    draft.giveBack(taken);
    copyLine(line.trimEnd());
    buffer.text(formOf(line));
    end(isFailure);
  };
  const formed = {
    write(line: string, isFailure: boolean): void {
      catchUp();
      copyLine(line.trimEnd());
      buffer.text(formOf(line));
      end(isFailure);
    },
    buffer: draft,
    defer,
    catchUp,
    // Nothing is between, unless lines get another form or are copied.
    end: format ? endFormed : end,
    copyLines(take: (line: string) => void): void {
      copy = take;
      if (!format) formed.end = endCopied;
    },
  };
  return formed;
}
