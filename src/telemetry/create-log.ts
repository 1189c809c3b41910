import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** Written to every line. */
  readonly environment: string;
  /** Number of the worker process that writes it, also written to every line; undefined where there is only one process. */
  readonly worker?: number | undefined;
}

/** Lines are held for so long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** What several processes write to one pipe is not mixed up to this size: POSIX asks for 512, Linux has 4096. */
const MAX_WRITE_BYTES = 4096;

/** Where lines go that are not JSON on standard output. */
export interface LogDestination {
  readonly stream: DestinationStream;
  /** It takes the lines as they are, and not to write them in another form. */
  readonly isJson: boolean;
}

/** The process's log: JSON lines on standard output, unless there is another destination. */
export function createLog({ level, environment, worker }: LogOptions, destination?: LogDestination): Log {
  const { stream, isJson } = destination ?? { stream: lineStream(), isJson: true };
  const log = pino(
    {
      level,
      base: { environment, worker },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  if (isJson) lineWriters.set(log, createLineWriter(stream, { environment, worker }));
  return log;
}

/**
 * Writes a line of `level` as pino would, at a fraction of what it costs to go through it.
 * @param members as JSON text, each behind a comma.
 */
export type LineWriter = (level: "debug" | "info", members: string, message: string) => void;

const lineWriters = new WeakMap<Log, LineWriter>();

/** For what is written with every request; undefined where lines are not JSON. */
export function lineWriterOf(log: Log): LineWriter | undefined {
  return lineWriters.get(log);
}

function createLineWriter(stream: DestinationStream, base: object): LineWriter {
  const inEveryLine = JSON.stringify(base).slice(1, -1);
  let second = 0;
  let beginOfTime = "";
  return (level, members, message) => {
    const time = Date.now();
    if (time - second >= 1000 || time < second) {
      second = time - (time % 1000);
      beginOfTime = new Date(second).toISOString().slice(0, -4);
    }
    const millisecond = `${time - second}`.padStart(3, "0");
    stream.write(
      `{"level":"${level}","time":"${beginOfTime}${millisecond}Z",${inEveryLine}${members},"msg":"${message}"}\n`,
    );
  };
}

function lineStream(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true });
  let held = "";
  let heldBytes = 0;
  let timer: Timer | undefined;
  const flush = (): void => {
    if (held === "") return;
    clearTimeout(timer);
    const lines = held;
    held = "";
    heldBytes = 0;
    output.write(lines);
  };
  process.on("exit", flush);
  return {
    write(line) {
      const bytes = Buffer.byteLength(line);
      if (heldBytes + bytes > MAX_WRITE_BYTES) flush();
      if (held === "") timer = setTimeout(flush, HOLD_MS);
      held += line;
      heldBytes += bytes;
    },
  };
}
