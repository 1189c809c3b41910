import { pino } from "pino";
import { LineBuffer } from "./line-buffer.ts";

/** Lines on their way to standard output. */
export interface LineStream {
  /** What a line is written to, up to and with its line feed. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. */
  end(): void;
}

/** Lines are held for so long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** What several processes write to one pipe is not mixed up to this size: POSIX asks for 512, Linux has 4096. */
const MAX_WRITE_BYTES = 4096;

/** What could not be written waits up to this size, and is lost beyond it: a full disk must not end the gateway. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Opens a stream of lines to standard output. What it holds when the process exits is written then.
 * @param write takes whole lines instead of standard output
 */
export function openLineStream(write: (lines: Buffer) => void = openStandardOutput()): LineStream {
  const buffer = new LineBuffer();
  /** Bytes of lines that are whole. */
  let held = 0;
  let timer: Timer | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === 0) return;
    const lines = buffer.take(held);
    held = 0;
    write(lines);
  };

  process.on("exit", flush);
  return {
    buffer,
    end() {
      if (buffer.length > MAX_WRITE_BYTES) flush();
      held = buffer.length;
      timer ??= setTimeout(flush, HOLD_MS);
    },
  };
}

function openStandardOutput(): (lines: Buffer) => void {
  const output = pino.destination({ fd: 1, sync: true, contentMode: "buffer", maxLength: MAX_WAITING_BYTES });
  // There is nowhere else to say it.
  output.on("error", () => {});
  return (lines) => output.write(lines as unknown as string);
}
