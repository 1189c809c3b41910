import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";
import type { LineBuffer } from "./line-buffer.ts";
import { type LineStream, openLineStream } from "./line-stream.ts";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** Written to every line. */
  readonly environment: string;
  /** Number of the worker process that writes it, also written to every line; undefined where there is only one process. */
  readonly worker?: number | undefined;
}

/**
 * The process's log: JSON lines on standard output.
 * @param destination takes the lines instead, to write them in another form
 * @param openLines where JSON lines go
 */
export function createLog(
  { level, environment, worker }: LogOptions,
  destination?: DestinationStream,
  openLines: () => LineStream = openLineStream,
): Log {
  const base = { environment, worker };
  const options = {
    level,
    base,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (destination) return pino(options, destination);
  const lines = openLines();
  const log = pino(options, {
    write(line) {
      lines.buffer.text(line);
      lines.end();
    },
  });
  lineWriters.set(log, createLineWriter(lines, base));
  return log;
}

/** Writes lines as pino would, at a fraction of what it costs to go through it. One line at a time. */
export interface LineWriter {
  /** Begins a line. What comes back takes its members, each behind a comma. */
  begin(level: "debug" | "info"): LineBuffer;
  end(message: string): void;
}

const lineWriters = new WeakMap<Log, LineWriter>();

/** For what is written with every request; undefined where lines are written in another form. */
export function lineWriterOf(log: Log): LineWriter | undefined {
  return lineWriters.get(log);
}

function createLineWriter({ buffer, end }: LineStream, base: object): LineWriter {
  const inEveryLine = JSON.stringify(base).slice(1, -1);
  /** A line's beginning up to the milliseconds of its time, which is the same for a second. */
  const begins = { debug: "", info: "" };
  let second = 0;
  return {
    begin(level) {
      const time = Date.now();
      if (time - second >= 1000 || time < second) {
        second = time - (time % 1000);
        const beginOfTime = new Date(second).toISOString().slice(0, -4);
        begins.debug = `{"level":"debug","time":"${beginOfTime}`;
        begins.info = `{"level":"info","time":"${beginOfTime}`;
      }
      const milliseconds = time - second;
      buffer.text(begins[level]);
      if (milliseconds < 100) buffer.text(milliseconds < 10 ? "00" : "0");
      buffer.number(milliseconds);
      buffer.text('Z",');
      buffer.text(inEveryLine);
      return buffer;
    },
    end(message) {
      buffer.text(',"msg":');
      buffer.quoted(message);
      buffer.text("}\n");
      end();
    },
  };
}
